// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Multiboot kernel tells what it was told: the same as under the reference. */
@Timeout(120)
final class MultibootTest {
  private static final int MAGIC = 0x1badb002;
  private static final int ADDRESS = 0x100000;
  private static final int HEADER = 32;
  private static final int ZEROES_END = 0x110000;
  private static final int ENDS = 7; // 3 written to isa-debug-exit

  // Prints on the first serial line what the registers and the boot information hold; of the memory
  // map, what lies below 1 MiB, and how the next range agrees with the upper memory's size: the
  // rest is firmware's own business.
  private static final String CODE =
      String.join(
          "",
          "bc00801000", // entry: mov esp,0x108000
          "fc", // cld
          "89dd", // mov ebp,ebx
          "e8d6000000", // call hex
          "8b4500", // mov eax,[ebp]
          "e8ce000000", // call hex
          "8b4504", // mov eax,[ebp+4]
          "e8c6000000", // call hex
          "8b450c", // mov eax,[ebp+12]
          "e8be000000", // call hex
          "8b7510", // mov esi,[ebp+16]
          "e8d4000000", // call text
          "8b4d14", // mov ecx,[ebp+20]
          "8b7d18", // mov edi,[ebp+24]
          "89c8", // mov eax,ecx
          "e8a9000000", // call hex
          "e32b", // module: jecxz map
          "8b07", // mov eax,[edi]
          "25ff0f0000", // and eax,0xfff
          "e89b000000", // call hex
          "8b4704", // mov eax,[edi+4]
          "2b07", // sub eax,[edi]
          "e891000000", // call hex
          "8b7708", // mov esi,[edi+8]
          "e8a7000000", // call text
          "8b37", // mov esi,[edi]
          "e8a0000000", // call text
          "83c710", // add edi,16
          "49", // dec ecx
          "ebd3", // jmp module
          "8b7d30", // map: mov edi,[ebp+48]
          "8b4704", // range: mov eax,[edi+4]
          "e871000000", // call hex
          "8b4714", // mov eax,[edi+20]
          "e869000000", // call hex
          "817f0400001000", // cmp dword [edi+4],0x100000
          "740f", // je upper
          "8b470c", // mov eax,[edi+12]
          "e858000000", // call hex
          "033f", // add edi,[edi]
          "83c704", // add edi,4
          "ebd8", // jmp range
          "8b470c", // upper: mov eax,[edi+12]
          "c1e80a", // shr eax,10
          "2b4508", // sub eax,[ebp+8]
          "e843000000", // call hex
          "8b7540", // mov esi,[ebp+64]
          "e859000000", // call text
          "31c0", // xor eax,eax
          "668cc8", // mov ax,cs
          "e831000000", // call hex
          "668cd8", // mov ax,ds
          "e829000000", // call hex
          "668cd0", // mov ax,ss
          "e821000000", // call hex
          "0f20c0", // mov eax,cr0
          "e819000000", // call hex
          "9c", // pushfd
          "58", // pop eax
          "e812000000", // call hex
          "a1fcff1000", // mov eax,[0x10fffc]
          "e808000000", // call hex
          "b003", // mov al,3
          "66ba0105", // mov dx,0x501
          "ee", // out dx,al
          "f4", // hlt
          "51", // hex: push ecx
          "b908000000", // mov ecx,8
          "c1c004", // digit: rol eax,4
          "50", // push eax
          "240f", // and al,15
          "3c0a", // cmp al,10
          "1c69", // sbb al,0x69
          "2f", // das
          "e816000000", // call put
          "58", // pop eax
          "e2ed", // loop digit
          "59", // pop ecx
          "b00a", // mov al,10
          "eb0e", // jmp put
          "ac", // text: lodsb
          "84c0", // test al,al
          "7407", // jz ended
          "e804000000", // call put
          "ebf4", // jmp text
          "b00a", // ended: mov al,10
          "66baf803", // put: mov dx,0x3f8
          "ee", // out dx,al
          "c3", // ret
          "");

  @TempDir Path folder;

  private static byte[] file(int flags, int size, int at) {
    return file(flags, size, at, ADDRESS, ZEROES_END);
  }

  private static byte[] file(int flags, int size, int at, int address, int zeroesEnd) {
    var out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).position(at);
    out.putInt(MAGIC).putInt(flags).putInt(-(MAGIC + flags));
    out.putInt(address).putInt(address).putInt(0).putInt(zeroesEnd).putInt(address + HEADER);
    out.put(HexFormat.of().parseHex(CODE));
    return out.array();
  }

  /** An ELF file whose segment has a virtual address of its own, which its entry is told by. */
  private static byte[] elf() {
    int offset = 4096;
    byte[] image = file(3, 8192, offset);
    int highHalf = 0xc0000000;
    var out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0x464c457f).put((byte) 1).put((byte) 1).put((byte) 1).position(16);
    out.putShort((short) 2).putShort((short) 3).putInt(1); // an executable for the i386
    out.putInt(highHalf + ADDRESS + HEADER).putInt(52).position(40);
    out.putShort((short) 52).putShort((short) 32).putShort((short) 1).position(52);
    out.putInt(1).putInt(offset).putInt(highHalf + ADDRESS).putInt(ADDRESS);
    out.putInt(image.length - offset).putInt(ZEROES_END - ADDRESS).putInt(7).putInt(4096);
    return image;
  }

  private Ended boots(Emulator emulator, byte[] kernel) throws Exception {
    Files.write(folder.resolve("kernel"), kernel);
    Files.writeString(folder.resolve("first"), "of the first module\0");
    Files.writeString(folder.resolve("second"), "what the second module holds\0");
    return emulator.run(
        folder,
        "",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-device",
        "isa-debug-exit",
        "-kernel",
        "kernel",
        "-append",
        "root=none quiet",
        "-initrd",
        "first with arguments,second a,,b");
  }

  private void bootsAsUnderTheReference(byte[] kernel) throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    Ended real = boots(Emulator.REFERENCE, kernel);
    assertEquals(ENDS, real.code(), real.messages());
    assertTrue(real.output().startsWith("2BADB002"), real.output());
    assertTrue(real.output().contains("second a,b\nwhat the second"), real.output());
    assertEquals(real, boots(Emulator.OWN, kernel));
  }

  @Test
  void kernelWithAddressesIsToldWhatTheReferenceTells() throws Exception {
    bootsAsUnderTheReference(file(3 | 1 << 16, 1024, 0));
  }

  /**
   * Where firmware has its vectors and data, which the kernel is not there to use. The reference
   * has modules begin at a page only if the kernel does; they are to whatever the kernel does.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 0x400, 0x600, 0xe00})
  void kernelMayBeLoadedOverFirmwaresData(int address) throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    byte[] kernel = file(3 | 1 << 16, 1024, 0, address, address + 0x1000);
    Ended real = boots(Emulator.REFERENCE, kernel);
    assertEquals(ENDS, real.code(), real.messages());
    assertTrue(real.output().startsWith("2BADB002"), real.output());
    String unaligned = String.format("\n%08X\n", address);
    int behindModules = real.output().indexOf("what the second module holds");
    String output =
        real.output().substring(0, behindModules).replace(unaligned, "\n00000000\n")
            + real.output().substring(behindModules);
    assertEquals(new Ended(ENDS, output, real.messages()), boots(Emulator.OWN, kernel), unaligned);
  }

  @Test
  void elfKernelIsEnteredWhereItsSegmentIsLoaded() throws Exception {
    bootsAsUnderTheReference(elf());
  }

  @Test
  void kernelThatWantsGraphicsIsBootedWithAWarning() throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    byte[] kernel = file(7 | 1 << 16, 1024, 0);
    assertEquals(boots(Emulator.REFERENCE, kernel), boots(Emulator.OWN, kernel));
  }

  @Test
  void moduleThatIsNotThereIsTold() throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    Files.write(folder.resolve("kernel"), file(3 | 1 << 16, 1024, 0));
    String[] options = {"-monitor", "none", "-kernel", "kernel", "-initrd", "nowhere x"};
    Ended real = Emulator.REFERENCE.run(folder, "", options);
    assertEquals(1, real.code());
    assertEquals(real, Emulator.OWN.run(folder, "", options));
  }
}
