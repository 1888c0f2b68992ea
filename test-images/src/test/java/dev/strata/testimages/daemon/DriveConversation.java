// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What befalls a guest's drives, as clients are told and as the guest's registers show, in our
 * program and in the real one. The guest's processor sleeps; the test is at the board's ports.
 */
@Timeout(300) // the first may have to build
abstract class DriveConversation {
  static final String EMULATOR = "qemu-system-x86_64";
  static final String OURS = StorageDaemonTest.OURS.replace("qemu-storage-daemon", EMULATOR);

  @TempDir Path folder;

  /** Compares what both say; names that are made up differ, and how long something took. */
  final void compare(List<String> options, List<String> script) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    assertEquals(play(EMULATOR, options, script), play(OURS, options, script));
  }

  final String play(String program, List<String> options, List<String> script) throws Exception {
    var bios = new byte[65536];
    bios[0xfff0] = (byte) 0xf4; // hlt, and again
    bios[0xfff1] = (byte) 0xeb;
    bios[0xfff2] = (byte) 0xfd;
    Files.write(folder.resolve("bios"), bios);
    Files.write(folder.resolve("a.raw"), filled(1 << 20, 'a'));
    Files.write(folder.resolve("b.raw"), filled(2 << 20, 'b'));
    Files.write(folder.resolve("floppy.img"), filled(1440 << 10, 'f'));
    Files.deleteIfExists(folder.resolve("ports"));
    var command = new ArrayList<>(List.of(program, "-nodefaults", "-display", "none"));
    command.addAll(List.of("-M", "pc", "-vga", "none", "-net", "none", "-accel", "tcg"));
    command.addAll(List.of("-bios", folder.resolve("bios") + ""));
    command.addAll(List.of("-qtest", "unix:" + folder.resolve("ports") + ",server=on,wait=off"));
    command.addAll(List.of("-qtest-log", "none", "-pidfile", folder.resolve("pid") + ""));
    command.addAll(
        List.of("-chardev", "socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp")));
    command.addAll(List.of("-mon", "chardev=c,mode=control"));
    options.forEach(option -> command.add(option.replace("@", folder.toString())));
    var lines = new ArrayList<>(List.of("{\"execute\":\"qmp_capabilities\"}"));
    lines.addAll(script);
    lines.add("{\"execute\":\"quit\"}");
    return String.join("\n", Conversation.play(folder, command, lines))
        .replaceAll("device\\[\\d+]", "device[N]")
        .replaceAll("#block\\d+", "#blockN")
        .replaceAll("_time_ns(\": |=)\\d+", "_time_ns$1N");
  }

  static byte[] filled(int length, char with) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  @SafeVarargs
  static List<String> script(List<String>... parts) {
    var all = new ArrayList<String>();
    for (List<String> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  static List<String> command(String name) {
    return List.of("{\"execute\":\"" + name + "\"}");
  }

  static List<String> command(String name, String arguments) {
    return List.of(
        "{\"execute\":\"" + name + "\",\"arguments\":{" + arguments.replace('\'', '"') + "}}");
  }

  static List<String> human(String line) {
    return command("human-monitor-command", "'command-line':'" + line + "'");
  }

  static List<String> await(String event) {
    return List.of("await " + event);
  }

  static List<String> ports(String... lines) {
    return Stream.of(lines).map(line -> "ports " + line).toList();
  }

  /** A command to the first IDE disk about one sector. */
  static List<String> sector(int number, int command) {
    return ports(
        "outb 0x1f6 0xe0",
        "outb 0x1f2 1",
        "outb 0x1f3 " + number,
        "outb 0x1f4 0",
        "outb 0x1f5 0",
        "outb 0x1f7 " + command);
  }

  static final List<String> IDLE = List.of("until inb 0x1f7 0x80 0", "ports inb 0x1f1");

  static List<String> readSector(int number) {
    return sector(number, 0x20);
  }

  static List<String> writeSector(int number) {
    return script(
        sector(number, 0x30),
        List.of("until inb 0x1f7 0x88 8"),
        ports(Collections.nCopies(256, "outw 0x1f0 0x5a5a").toArray(String[]::new)));
  }

  /** A disk whose first request of a kind fails that touches a sector. */
  static String faulty(String kind, int sector, int errno) {
    return "file.driver=blkdebug,file.image.driver=file,file.image.filename=@/a.raw,"
        + "file.inject-error.0.event=none,file.inject-error.0.once=on,file.inject-error.0.iotype="
        + kind
        + ",file.inject-error.0.sector="
        + sector
        + ",file.inject-error.0.errno="
        + errno;
  }
}
