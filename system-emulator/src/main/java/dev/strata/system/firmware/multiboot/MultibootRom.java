// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.firmware.OptionRom;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The option ROM that boots a Multiboot kernel: it has the boot information copied, asks firmware
 * for the memory map, has the kernel copied, which may lie over firmware's vectors and data, and
 * enters it in protected mode.
 *
 * @see "Multiboot Specification 0.6.96, 3.2 Machine state"
 */
final class MultibootRom {
  private static final int SIZE = 8192;
  private static final int OPERATIONS = 0x200; // in the ROM

  /** As many as there is room for beside that of the boot information, and the ROM's check sum. */
  static final int MOST_OPERATIONS = (SIZE - OPERATIONS) / OptionRom.OPERATION - 2;

  private static final int FIRST = 12; // in the code: where the kernel's operations begin
  private static final int COUNT = 17; // of those

  // Everything of this is at places that BootInformation has: 1000h is its segment, 200h in it the
  // memory map, 98h the pointer to the GDT, A0h the pointer to the kernel's entry.
  private static final String[] BEGINNING = {
    "fa", // cli
    "fc", // cld
    "66 31 db", // xor ebx,ebx
    "8c cb", // mov bx,cs
    "66 c1 e3 04", // shl ebx,4
    "66 81 c3 00 02 00 00", // add ebx,0x200
    "ba 18 05", // mov dx,0x518
    "66 89 d8", // mov eax,ebx
    "66 0f c8", // bswap eax
    "66 ef", // out dx,eax
    "b8 00 10", // mov ax,0x1000
    "8e c0", // mov es,ax
    "8e d0", // mov ss,ax
    "bc f0 ff", // mov sp,0xfff0
    "cd 12", // int 0x12
    "66 0f b7 c0", // movzx eax,ax
    "26 66 a3 04 00", // mov [es:4],eax
    "66 31 db", // xor ebx,ebx
    "bf 00 02", // mov di,0x200
    "26 66 c7 05 14 00 00 00", // entry: mov dword [es:di],20
    "66 b8 20 e8 00 00", // mov eax,0xe820
    "66 ba 50 41 4d 53", // mov edx,0x534d4150
    "66 b9 14 00 00 00", // mov ecx,20
    "83 c7 04", // add di,4
    "cd 15", // int 0x15
    "72 28", // jc none
    "26 66 81 3d 00 00 10 00", // cmp dword [es:di],0x100000
    "75 0e", // jne other
    "26 66 8b 45 08", // mov eax,[es:di+8]
    "66 c1 e8 0a", // shr eax,10
    "26 66 a3 08 00", // mov [es:8],eax
    "83 c7 14", // other: add di,20
    "66 85 db", // test ebx,ebx
    "74 0b", // jz done
    "81 ff 00 e0", // cmp di,0xe000
    "72 b9", // jb entry
    "eb 03", // jmp done
    "83 ef 04", // none: sub di,4
    "66 0f b7 ff", // done: movzx edi,di
    "81 ef 00 02", // sub di,0x200
    "26 66 89 3e 2c 00", // mov [es:44],edi
    "fa", // cli: nothing needs vectors from here on
  };

  private static final String[] KERNEL = {
    "66 31 db", // xor ebx,ebx
    "8c cb", // mov bx,cs
    "66 c1 e3 04", // shl ebx,4
    "66 81 c3 77 77 00 00", // add ebx,0x7777
    "b9 77 77", // mov cx,0x7777
    "ba 18 05", // mov dx,0x518
    "66 89 d8", // next: mov eax,ebx
    "66 0f c8", // bswap eax
    "66 ef", // out dx,eax
    "66 83 c3 10", // add ebx,16
    "e2 f2", // loop next
  };

  private static final String[] END = {
    "26 66 0f 01 16 98 00", // o32 lgdt [es:0x98]
    "0f 20 c0", // mov eax,cr0
    "0c 01", // or al,1
    "0f 22 c0", // mov cr0,eax
    "b8 10 00", // mov ax,0x10
    "8e d8", // mov ds,ax
    "8e c0", // mov es,ax
    "8e e0", // mov fs,ax
    "8e e8", // mov gs,ax
    "8e d0", // mov ss,ax
    "66 b8 02 b0 ad 2b", // mov eax,0x2badb002
    "66 bb 00 00 01 00", // mov ebx,0x10000
    "66 67 ff 2d a0 00 01 00", // a32 jmp dword far [dword 0x100a0]
  };

  private MultibootRom() {}

  /**
   * The ROM for a kernel, whose parts it adds to {@code items}.
   *
   * @param firstKey of two keys of items that nothing else has
   */
  static byte[] of(MultibootKernel kernel, FirmwareConfig items, int firstKey) {
    items.item(firstKey, kernel.content());
    items.item(firstKey + 1, kernel.information());
    var rom = new OptionRom(SIZE, "Multiboot kernel", OPERATIONS);
    rom.read(firstKey + 1, BootInformation.ADDRESS, kernel.information().length);
    int first = OPERATIONS + OptionRom.OPERATION * rom.operations();
    int before = rom.operations();
    for (MultibootKernel.Cleared range : kernel.cleared()) {
      rom.readOn(range.address(), (int) range.length()); // what is behind the information's end
    }
    boolean selected = false;
    for (MultibootKernel.Part part : kernel.parts()) {
      if (selected) {
        rom.readOn(part.address(), part.length());
      } else {
        rom.read(firstKey, part.address(), part.length());
      }
      selected = true;
    }
    byte[] copies = code(KERNEL);
    ByteBuffer.wrap(copies)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(FIRST, (short) first)
        .putShort(COUNT, (short) (rom.operations() - before));
    var code = new ByteArrayOutputStream();
    code.writeBytes(code(BEGINNING));
    code.writeBytes(copies);
    code.writeBytes(code(END));
    return rom.with(code.toByteArray());
  }

  private static byte[] code(String[] instructions) {
    return HexFormat.ofDelimiter(" ").parseHex(String.join(" ", instructions));
  }
}
