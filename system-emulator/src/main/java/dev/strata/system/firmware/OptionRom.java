// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The option ROM that boots a Linux kernel: firmware takes it for a device to boot from, and calls
 * it when all else is set up. It has fw_cfg copy the kernel's parts into memory, and jumps into the
 * real-mode part.
 *
 * @see "BIOS Boot Specification 1.01, 3.3 BEV devices; Plug and Play BIOS Specification 1.0A, 3.2"
 */
public final class OptionRom {
  /** What firmware knows it by: the names of its file, and of that in the boot order. */
  public static final String FILE = "genroms/linuxboot.bin";

  /** The boot order's name for it. */
  public static final String BOOT_NAME = "/rom@genroms/linuxboot.bin";

  /** The real-mode part's stack, from the segment that it is loaded to. */
  static final int STACK = 0xe000;

  private static final int SIZE = 1024;
  private static final int EXPANSION_HEADER = 0x20;
  private static final int PRODUCT = 0x48;
  private static final int ENTRY = 0x80;
  private static final int OPERATIONS = 0x100;
  private static final int CODE = 0x60;

  private OptionRom() {}

  /** An operation of fw_cfg: select, then read. */
  private static void read(ByteBuffer rom, int key, long address, int length) {
    rom.order(ByteOrder.BIG_ENDIAN);
    rom.putInt(key << 16 | 8 | 2).putInt(length).putLong(address);
    rom.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The ROM for a kernel, whose parts it adds to {@code items}.
   *
   * @param firstKey of four keys of items that nothing else has
   */
  public static byte[] of(LinuxKernel kernel, FirmwareConfig items, int firstKey) {
    items.item(firstKey, kernel.setup());
    items.item(firstKey + 1, kernel.commandLine());
    items.item(firstKey + 2, kernel.kernel());
    items.item(firstKey + 3, kernel.initrd());

    var rom = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    rom.put(0, (byte) 0x55).put(1, (byte) 0xaa).put(2, (byte) (SIZE / 512));
    rom.put(3, (byte) 0xcb); // initialisation: RETF, there is nothing to do
    rom.putShort(0x1a, (short) EXPANSION_HEADER);
    rom.put(EXPANSION_HEADER, "$PnP".getBytes(US_ASCII));
    rom.put(EXPANSION_HEADER + 4, (byte) 1).put(EXPANSION_HEADER + 5, (byte) 2);
    rom.putShort(EXPANSION_HEADER + 0x10, (short) PRODUCT);
    rom.put(EXPANSION_HEADER + 0x14, (byte) 0x64); // boots, may be shadowed
    rom.putShort(EXPANSION_HEADER + 0x1a, (short) ENTRY);
    rom.put(PRODUCT, "Linux loaded\0".getBytes(US_ASCII));

    rom.position(OPERATIONS);
    read(rom, firstKey, LinuxKernel.SETUP_ADDRESS, kernel.setup().length);
    read(rom, firstKey + 1, LinuxKernel.COMMAND_LINE_ADDRESS, kernel.commandLine().length);
    read(rom, firstKey + 2, LinuxKernel.KERNEL_ADDRESS, kernel.kernel().length);
    read(rom, firstKey + 3, kernel.initrdAddress(), kernel.initrd().length);

    rom.position(ENTRY);
    rom.put(entry());
    byte[] bytes = rom.array();
    int sum = 0;
    for (byte value : bytes) {
      sum += value;
    }
    bytes[SIZE - 1] = (byte) -sum;
    return bytes;
  }

  private static byte[] entry() {
    int segment = (int) (LinuxKernel.SETUP_ADDRESS >> 4);
    var code = ByteBuffer.allocate(CODE).order(ByteOrder.LITTLE_ENDIAN);
    code.put(new byte[] {(byte) 0xfa, (byte) 0xfc}); // cli; cld
    code.put(new byte[] {0x66, 0x31, (byte) 0xdb}); // xor ebx, ebx
    code.put(new byte[] {(byte) 0x8c, (byte) 0xcb}); // mov bx, cs
    code.put(new byte[] {0x66, (byte) 0xc1, (byte) 0xe3, 4}); // shl ebx, 4
    code.put(new byte[] {0x66, (byte) 0x81, (byte) 0xc3}).putInt(OPERATIONS); // add ebx, OPERATIONS
    code.put((byte) 0xb9).putShort((short) 4); // mov cx, 4
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
