// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What {@code info tlb} and {@code info mem} say of page tables, in our program and in the real
 * one. The guest waits until its tables are there, turns paging on by what it is told, and sleeps.
 */
final class PagesListedTest extends DriveConversation {
  private static final String CODE =
      "31c0 8ed8" // xor ax,ax; mov ds,ax
          + "803e007001 75f9" // wait: cmp byte [0x7000],1; jne wait
          + "66a11070 6631d2 66b9800000c0 0f30" // eax = [0x7010]; edx = 0; ecx = EFER; wrmsr
          + "66a10870 0f22e0" // cr4 = [0x7008]
          + "66a10470 0f22d8" // cr3 = [0x7004]
          + "66a10c70 0f22c0" // cr0 = [0x700c]
          + "c606007002" // mov byte [0x7000],2
          + "f4 ebfd"; // sleep: hlt; jmp sleep
  private static final String BEGIN = "e90d00"; // to the start of the segment

  private static final int PAGING = 0x80000001; // CR0
  private static final int PSE = 0x10; // CR4
  private static final int PAE = 0x20;
  private static final int NX = 0x800; // EFER
  private static final int LONG_MODE = 0x100;

  private static String quad(long at, long value) {
    return "writeq 0x" + Long.toHexString(at) + " 0x" + Long.toHexString(value);
  }

  private static String word(long at, long value) {
    return "writel 0x" + Long.toHexString(at) + " 0x" + Long.toHexString(value & 0xffffffffL);
  }

  private void listed(int cr4, int efer, String... tables) throws Exception {
    var bios = new byte[65536];
    byte[] code = HexFormat.of().parseHex(CODE.replace(" ", ""));
    System.arraycopy(code, 0, bios, 0, code.length);
    System.arraycopy(HexFormat.of().parseHex(BEGIN), 0, bios, 0xfff0, 3);
    Files.write(folder.resolve("paging"), bios);
    var lines = new ArrayList<>(List.of(tables));
    lines.add(word(0x7004, 0x1000));
    lines.add(word(0x7008, cr4));
    lines.add(word(0x700c, PAGING));
    lines.add(word(0x7010, efer));
    lines.add("writeb 0x7000 1");
    compare(
        List.of("-bios", "@/paging", "-cpu", "max"),
        script(
            human("info tlb"),
            human("info mem"),
            ports(lines.toArray(String[]::new)),
            List.of("until readb 0x7000 0xff 2"),
            human("info tlb"),
            human("info mem")));
  }

  @Test
  void ofTwoLevels() throws Exception {
    listed(
        PSE,
        0,
        word(0x1000, 0x2027),
        word(0x1004, 0x5fe1e7), // 4 MiB, with address bits above
        word(0x1008, 0x3e07),
        word(0x100c, 0x3005), // read only
        word(0x1010, 0x2003), // not the user's
        word(0x1000 + 4 * 512, 0x80000087),
        word(0x1000 + 4 * 1023, 0xffc00087),
        word(0x2000 + 4 * 1, 0x5005),
        word(0x2000 + 4 * 2, 0x6003),
        word(0x2000 + 4 * 3, 0x8001),
        word(0x2000 + 4 * 7, 0x7087),
        word(0x3000, 0x9107),
        word(0x3004, 0xa01f));
  }

  @Test
  void ofTwoLevelsWithoutLargePages() throws Exception {
    listed(
        0,
        0,
        word(0x1000, 0x2087),
        word(0x1000 + 4 * 1023, 0x4087),
        word(0x2000 + 4 * 7, 0x7007),
        word(0x4000 + 4 * 1008, 0xffff0007),
        word(0x4000 + 4 * 1023, 0xfffff007));
  }

  @Test
  void ofPhysicalAddressExtension() throws Exception {
    listed(
        PAE,
        NX,
        quad(0x1000, 0x2001),
        quad(0x1008, 0x2001),
        quad(0x1018, 0x3001),
        quad(0x2000, 0x4007),
        quad(0x2008, 0x3000e3),
        quad(0x2010, 0x8000000000400087L),
        quad(0x3000 + 8 * 511, 0xffe00083L),
        quad(0x4000 + 8 * 1, 0xf800300000005fffL),
        quad(0x4000 + 8 * 2, 0x9107),
        quad(0x4000 + 8 * 7, 0x7087));
  }

  @Test
  void ofFourLevels() throws Exception {
    listed(
        PAE,
        NX | LONG_MODE,
        quad(0x1000, 0x2007),
        quad(0x1000 + 8 * 256, 0x2005),
        quad(0x1000 + 8 * 511, 0x6007),
        quad(0x2000, 0x3007),
        quad(0x2008, 0x7ff000007f001f83L), // 1 GiB
        quad(0x2018, 0x5003),
        quad(0x3000, 0x4007),
        quad(0x3008, 0xfff00000003fff87L),
        quad(0x4000 + 8 * 1, 0xfff0000000005fffL),
        quad(0x4000 + 8 * 2, 0x9003),
        quad(0x4000 + 8 * 7, 0x7087),
        quad(0x5000 + 8 * 511, 0xffe00087L),
        quad(0x6000 + 8 * 511, 0x8007),
        quad(0x8000 + 8 * 511, 0x80000000ffe00087L)); // the last of all
  }
}
