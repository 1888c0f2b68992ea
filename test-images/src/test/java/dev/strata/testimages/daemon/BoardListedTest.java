// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What monitors say of a board's chips and of its memory, in our program and in the real one. */
final class BoardListedTest extends DriveConversation {
  private static final String IO_APIC = "/machine/i440fx/ioapic";
  private static final String FIRST = "/machine/unattached/device[6]";
  private static final String SECOND = "/machine/unattached/device[7]";

  private static List<String> entry(int line, String low, String high) {
    int register = 0x10 + 2 * line;
    return ports(
        "writel 0xfec00000 " + register,
        "writel 0xfec00010 " + low,
        "writel 0xfec00000 " + (register + 1),
        "writel 0xfec00010 " + high);
  }

  private static String raise(String chip, int line) {
    return "set_irq_in " + chip + " unnamed-gpio-in " + line + " 1";
  }

  @Test
  void interruptControllersAtTheStart() throws Exception {
    compare(List.of("-S"), script(human("info pic"), human("info irq")));
  }

  @Test
  void interruptControllersThatAreSetUp() throws Exception {
    compare(
        List.of("-S"),
        script(
            entry(0, "0x0000a7fe", "0xab000000"),
            entry(1, "0x00000130", "0"),
            entry(2, "0x00000231", "0"),
            entry(3, "0x00010332", "0"),
            entry(4, "0x00010433", "0"),
            entry(5, "0x0001a934", "0xab000000"),
            entry(6, "0x00018939", "0x01000000"),
            entry(7, "0x00010536", "0"),
            entry(8, "0x00010637", "0"),
            entry(9, "0x0000a038", "0"),
            ports(
                raise(IO_APIC, 5),
                raise(IO_APIC, 6),
                raise(IO_APIC, 9),
                raise(IO_APIC, 23),
                "outb 0x20 0x11", // the first 8259
                "outb 0x21 0x08",
                "outb 0x21 0x04",
                "outb 0x21 0x11", // fully nested
                "outb 0x21 0xb8",
                "outb 0x20 0x0b",
                "outb 0x20 0xc2", // the lowest priority
                "outb 0xa0 0x11", // the second one
                "outb 0xa1 0x70",
                "outb 0xa1 0x02",
                "outb 0xa1 0x01",
                "outb 0xa1 0x02",
                "outb 0x4d0 0x20",
                "outb 0x4d1 0x0c",
                raise(FIRST, 4),
                raise(FIRST, 5),
                raise(SECOND, 2),
                raise(SECOND, 4)),
            human("info pic"),
            human("info irq"),
            ports("writel 0xfec00000 0x45"),
            human("info pic")));
  }

  private List<String> lines(String program, List<String> options, String command, String pattern)
      throws Exception {
    String said = play(program, options, human(command)).replace("\\r\\n", "\n");
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(said)
        .results()
        .map(found -> found.group().replaceFirst("prio \\d+", "prio N").strip())
        .collect(Collectors.toList());
  }

  @Test
  void firmwareInRom() throws Exception {
    Commands.assumeInstalled(EMULATOR);
    // The length of tables is each program's own.
    String pattern = "addr=.*|/rom@\\S+";
    List<String> real = lines(EMULATOR, List.of(), "info roms", pattern);
    assertTrue(real.getFirst().contains("@/bios"), real::toString);
    assertEquals(real, lines(OURS, List.of(), "info roms", pattern));
  }

  private List<String> flash(String program, String mode, String tree) throws Exception {
    Files.write(folder.resolve("flash"), new byte[1 << 18]);
    var options = List.of("-S", "-drive", "if=pflash,format=raw,file=@/flash");
    String said = play(program, options, script(ports("writeb 0xfffc0000 " + mode), human(tree)));
    return Pattern.compile("[0-9a-f-]+ \\(prio \\d+, [a-z/]+\\): system\\.flash0")
        .matcher(said)
        .results()
        .map(found -> found.group().replaceFirst("prio \\d+", "prio N"))
        .distinct()
        .toList();
  }

  @Test
  void flashShowsItsMemoryOrItsRegisters() throws Exception {
    Commands.assumeInstalled(EMULATOR);
    for (String tree : List.of("info mtree", "info mtree -f")) {
      for (String mode : List.of("0xff", "0x90", "0x70", "0x98")) {
        List<String> real = flash(EMULATOR, mode, tree);
        assertEquals(1, real.size());
        assertTrue(real.getFirst().contains(mode.equals("0xff") ? "romd" : "i/o"), mode);
        assertEquals(real, flash(OURS, mode, tree), mode);
      }
    }
  }
}
