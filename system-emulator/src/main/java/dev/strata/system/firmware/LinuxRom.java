// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The option ROM that boots a Linux kernel: it jumps into the real-mode part. */
final class LinuxRom {
  static final String FILE = "genroms/linuxboot.bin";

  /** The real-mode part's stack, from the segment that it is loaded to. */
  static final int STACK = 0xe000;

  private static final int SIZE = 1024;
  private static final int OPERATIONS = 0x100;
  private static final int CODE = 0x60;

  private LinuxRom() {}

  static byte[] of(LinuxKernel kernel, FirmwareConfig items, int firstKey) {
    items.item(firstKey, kernel.setup());
    items.item(firstKey + 1, kernel.commandLine());
    items.item(firstKey + 2, kernel.kernel());
    items.item(firstKey + 3, kernel.initrd());
    var rom = new OptionRom(SIZE, "Linux loaded", OPERATIONS);
    rom.read(firstKey, LinuxKernel.SETUP_ADDRESS, kernel.setup().length);
    rom.read(firstKey + 1, LinuxKernel.COMMAND_LINE_ADDRESS, kernel.commandLine().length);
    rom.read(firstKey + 2, LinuxKernel.KERNEL_ADDRESS, kernel.kernel().length);
    rom.read(firstKey + 3, kernel.initrdAddress(), kernel.initrd().length);
    return rom.with(entry(rom.operations()));
  }

  private static byte[] entry(int operations) {
    int segment = (int) (LinuxKernel.SETUP_ADDRESS >> 4);
    var code = ByteBuffer.allocate(CODE).order(ByteOrder.LITTLE_ENDIAN);
    code.put(new byte[] {(byte) 0xfa, (byte) 0xfc}); // cli; cld
    code.put(new byte[] {0x66, 0x31, (byte) 0xdb}); // xor ebx, ebx
    code.put(new byte[] {(byte) 0x8c, (byte) 0xcb}); // mov bx, cs
    code.put(new byte[] {0x66, (byte) 0xc1, (byte) 0xe3, 4}); // shl ebx, 4
    code.put(new byte[] {0x66, (byte) 0x81, (byte) 0xc3}).putInt(OPERATIONS); // add ebx, OPERATIONS
    code.put((byte) 0xb9).putShort((short) operations); // mov cx, operations
    code.put((byte) 0xba).putShort((short) (FirmwareConfig.DMA_PORT + 4)); // mov dx, port
    int loop = code.position();
    code.put(new byte[] {0x66, (byte) 0x89, (byte) 0xd8}); // mov eax, ebx
    code.put(new byte[] {0x66, 0x0f, (byte) 0xc8}); // bswap eax
    code.put(new byte[] {0x66, (byte) 0xef}); // out dx, eax
    code.put(new byte[] {0x66, (byte) 0x83, (byte) 0xc3, 16}); // add ebx, 16
    code.put((byte) 0xe2); // loop
    code.put((byte) (loop - code.position() - 1));
    code.put((byte) 0xb8).putShort((short) segment); // mov ax, segment
    code.put(new byte[] {(byte) 0x8e, (byte) 0xd8}); // mov ds, ax
    code.put(new byte[] {(byte) 0x8e, (byte) 0xc0}); // mov es, ax
    code.put(new byte[] {(byte) 0x8e, (byte) 0xe0}); // mov fs, ax
    code.put(new byte[] {(byte) 0x8e, (byte) 0xe8}); // mov gs, ax
    code.put(new byte[] {(byte) 0x8e, (byte) 0xd0}); // mov ss, ax
    code.put((byte) 0xbc).putShort((short) STACK); // mov sp, STACK
    code.put((byte) 0xea).putShort((short) 0).putShort((short) (segment + 0x20)); // jmp far
    byte[] bytes = new byte[code.position()];
    code.get(0, bytes);
    return bytes;
  }
}
