// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code -d} has a machine log of a guest's doings is what the reference logs of them. */
@Timeout(120)
final class GuestLogTest {
  private static final int SECTOR = 0x7c00;
  private static final int HANDLERS = 0x100; // in the sector, as the others
  private static final int GDT_POINTER = 0x110;
  private static final int IDT_POINTER = 0x118;
  private static final int GDT = 0x120;
  private static final int IDT = 0x140;
  private static final int GATES = 14;
  private static final int STATE_LINES = 27; // a heading, and all registers

  // Real-mode code for address 7C00h, which a floppy's first sector is loaded to.
  private static final String CODE =
      // cli; xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 7000h; lgdt [7D10h]; lidt [7D18h]
      "fa 31c0 8ed8 8ed0 bc0070 0f0116107d 0f011e187d"
          // mov eax, cr0; or al, 1; mov cr0, eax; jmp 8:7C21h
          + "0f20c0 0c01 0f22c0 ea217c0800"
          // of 32 bits: mov ax, 10h; mov ds, ax; mov ss, ax; mov esp, 7000h
          + "66b81000 8ed8 8ed0 bc00700000"
          // xor eax, eax; xor ebx, ebx; xor ecx, ecx; xor edx, edx; xor esi, esi
          + "31c0 31db 31c9 31d2 31f6"
          // xor edi, edi; xor ebp, ebp
          + "31ff 31ed"
          // mov eax, [E0000000h]; mov byte [E0000010h], 5; mov ax, [E0000002h]
          + "a1000000e0 c605100000e005 66a1020000e0"
          // int3; int 4
          + "cc cd04"
          // mov eax, 33h; mov ds, ax: a selector beyond the table, whose handler ends it all
          + "b833000000 8ed8 f4";

  private static final String HANDLER_CODE =
      // at 7D00h: iretd; at 7D01h: mov al, 3; mov dx, 501h; out dx, al; hlt
      "cf b003 66ba0105 ee f4";

  @TempDir Path folder;

  @BeforeEach
  void writeGuest() throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    var disk = ByteBuffer.allocate(1440 << 10).order(ByteOrder.LITTLE_ENDIAN);
    disk.put(0, HexFormat.of().parseHex(CODE.replace(" ", "")));
    disk.put(HANDLERS, HexFormat.of().parseHex(HANDLER_CODE.replace(" ", "")));
    disk.putShort(GDT_POINTER, (short) 23).putInt(GDT_POINTER + 2, SECTOR + GDT);
    disk.putShort(IDT_POINTER, (short) (8 * GATES - 1)).putInt(IDT_POINTER + 2, SECTOR + IDT);
    disk.putLong(GDT + 8, 0x00cf9b000000ffffL).putLong(GDT + 16, 0x00cf93000000ffffL);
    for (int vector : new int[] {3, 4, 13}) {
      int handler = SECTOR + HANDLERS + (vector == 13 ? 1 : 0);
      disk.putLong(IDT + 8 * vector, 0x00008e0000080000L | handler);
    }
    disk.putShort(510, (short) 0xaa55);
    Files.write(folder.resolve("disk"), disk.array());
  }

  private Ended run(Emulator emulator, String items) throws Exception {
    return emulator.run(
        folder,
        "",
        "-monitor",
        "none",
        "-fda",
        "disk",
        "-snapshot",
        "-device",
        "isa-debug-exit",
        "-d",
        items,
        "-D",
        emulator.name() + ".log");
  }

  private List<String> logged(Emulator emulator, String from) throws Exception {
    List<String> lines = Files.readAllLines(folder.resolve(emulator.name() + ".log"), US_ASCII);
    int first = 0;
    while (first < lines.size() && !lines.get(first).startsWith(from)) {
      first++;
    }
    assertTrue(first < lines.size(), emulator.name());
    // How the reference keeps flags is its own.
    return lines.subList(first, lines.size()).stream().filter(l -> !l.startsWith("CCS")).toList();
  }

  private void logsAsTheReference(String items, String from) throws Exception {
    Ended real = run(Emulator.REFERENCE, items);
    assertEquals(7, real.code(), real.messages());
    assertEquals(real, run(Emulator.OWN, items));
    assertEquals(logged(Emulator.REFERENCE, from), logged(Emulator.OWN, from));
  }

  @Test
  void interruptsAndExceptionsOfProtectedMode() throws Exception {
    logsAsTheReference("int", "     0: v=03");
  }

  @Test
  void accessesToNothingAreTheGuestsErrors() throws Exception {
    logsAsTheReference("guest_errors,unimp", "Invalid read at addr 0xE0000000, size 4");
  }

  private long managed(Emulator emulator, String machine) throws Exception {
    Ended ended =
        emulator.run(
            folder,
            "",
            "-monitor",
            "none",
            "-machine",
            machine,
            "-fda",
            "disk",
            "-snapshot",
            "-device",
            "isa-debug-exit",
            "-d",
            "int",
            "-D",
            emulator.name() + ".log");
    assertEquals(7, ended.code(), ended.messages());
    return Files.readAllLines(folder.resolve(emulator.name() + ".log"), US_ASCII).stream()
        .filter(l -> l.startsWith("SMM: "))
        .count();
  }

  @Test
  void firmwareUsesSystemManagementModeWhereThereIsOne() throws Exception {
    for (Emulator emulator : List.of(Emulator.REFERENCE, Emulator.OWN)) {
      long lines = managed(emulator, "pc,smm=on"); // how often goes by what it waits for
      assertTrue(lines > 0, emulator.name());
      assertEquals(0, lines % 2, "one line for each entry, one for each RSM");
      assertEquals(0, managed(emulator, "pc,smm=off"), emulator.name());
    }
  }

  @Test
  void stateBeforeAReset() throws Exception {
    String keys = "log cpu_reset\nlogfile own.log\nsystem_reset\nquit\n";
    for (Emulator emulator : List.of(Emulator.REFERENCE, Emulator.OWN)) {
      String typed = keys.replace("own", emulator.name());
      emulator.run(folder, typed, "-monitor", "stdio", "-S", "-accel", "tcg");
    }
    // How often a processor is reset before anybody can tell is the programs' own.
    assertEquals(
        logged(Emulator.REFERENCE, "CPU Reset (CPU 0)").subList(0, STATE_LINES),
        logged(Emulator.OWN, "CPU Reset (CPU 0)").subList(0, STATE_LINES));
  }

  @Test
  void whatIsNoItemIsAnsweredByTheListOfThem() throws Exception {
    Ended real = Emulator.REFERENCE.run(folder, "", "-d", "int,nothing");
    Ended own = Emulator.OWN.run(folder, "", "-d", "int,nothing");
    assertEquals(1, own.code());
    assertEquals(real.code(), own.code());
    assertTrue(
        real.output().lines().toList().containsAll(own.output().lines().toList()), own::output);
    Ended refused = Emulator.OWN.run(folder, "", "-d", "in_asm");
    assertEquals(1, refused.code());
    assertTrue(
        refused.messages().endsWith("Log item 'in_asm' is not supported\n"), refused::messages);
  }

  @Test
  void fileThatCannotBeMadeIsTold() throws Exception {
    for (String file : List.of("nowhere/x", "%d%d", "50%")) {
      Ended real = Emulator.REFERENCE.run(folder, "", "-d", "int", "-D", file);
      assertEquals(real, Emulator.OWN.run(folder, "", "-d", "int", "-D", file));
    }
  }
}
