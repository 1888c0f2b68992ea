// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What befalls a guest's drives, as clients are told and as the guest's registers show, in our
 * program and in the real one. The guest's processor sleeps; the test is at the board's ports.
 */
@Timeout(300) // the first may have to build
final class DriveConversationTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS =
      StorageDaemonTest.OURS.replace("qemu-storage-daemon", EMULATOR);

  @TempDir Path folder;

  /** Compares what both say; names that are made up differ, and how long something took. */
  private void compare(List<String> options, List<String> script) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    assertEquals(play(EMULATOR, options, script), play(OURS, options, script));
  }

  private String play(String program, List<String> options, List<String> script) throws Exception {
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
        .replaceAll("_time_ns(\": |=)\\d+", "_time_ns$1N")
        .replaceAll(", \"driver-specific\": \\{[^}]*}", "");
  }

  private static byte[] filled(int length, char with) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  @SafeVarargs
  private static List<String> script(List<String>... parts) {
    var all = new ArrayList<String>();
    for (List<String> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  private static List<String> command(String name) {
    return List.of("{\"execute\":\"" + name + "\"}");
  }

  private static List<String> command(String name, String arguments) {
    return List.of(
        "{\"execute\":\"" + name + "\",\"arguments\":{" + arguments.replace('\'', '"') + "}}");
  }

  private static List<String> human(String line) {
    return command("human-monitor-command", "'command-line':'" + line + "'");
  }

  private static List<String> await(String event) {
    return List.of("await " + event);
  }

  private static List<String> ports(String... lines) {
    return Stream.of(lines).map(line -> "ports " + line).toList();
  }

  /** A command to the first IDE disk about one sector. */
  private static List<String> sector(int number, int command) {
    return ports(
        "outb 0x1f6 0xe0",
        "outb 0x1f2 1",
        "outb 0x1f3 " + number,
        "outb 0x1f4 0",
        "outb 0x1f5 0",
        "outb 0x1f7 " + command);
  }

  private static final List<String> IDLE = List.of("until inb 0x1f7 0x80 0", "ports inb 0x1f1");

  private static List<String> readSector(int number) {
    return sector(number, 0x20);
  }

  private static List<String> writeSector(int number) {
    return script(
        sector(number, 0x30),
        List.of("until inb 0x1f7 0x88 8"),
        ports(Collections.nCopies(256, "outw 0x1f0 0x5a5a").toArray(String[]::new)));
  }

  /** A disk whose first request of a kind fails that touches a sector. */
  private static String faulty(String kind, int sector, int errno) {
    return "file.driver=blkdebug,file.image.driver=file,file.image.filename=@/a.raw,"
        + "file.inject-error.0.event=none,file.inject-error.0.once=on,file.inject-error.0.iotype="
        + kind
        + ",file.inject-error.0.sector="
        + sector
        + ",file.inject-error.0.errno="
        + errno;
  }

  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  @Test
  void aWriteThatFailsStopsTheMachineAndIsMadeAgain() throws Exception {
    compare(
        List.of(
            "-drive", "if=ide,index=0,id=disk,format=raw,werror=stop," + faulty("write", 5, EIO)),
        script(
            command("query-block"),
            writeSector(5),
            await("STOP"),
            command("query-status"),
            human("info status"),
            human("info block"),
            command("query-block"),
            command("cont"),
            IDLE,
            command("query-status"),
            command("query-block"),
            human("info blockstats"),
            readSector(5),
            IDLE,
            ports("inw 0x1f0"),
            List.of("run od|-An|-tx1|-j2558|-N4|@/a.raw")));
  }

  @Test
  void aDriveWithoutANameKeepsItsStatus() throws Exception {
    compare(
        List.of(
            "-blockdev",
            "raw,node-name=node," + faulty("write", 5, EIO),
            "-device",
            "ide-hd,bus=ide.0,id=disk,drive=node,werror=stop"),
        script(
            writeSector(5),
            await("STOP"),
            command("cont"),
            IDLE,
            command("query-block"),
            human("info block")));
  }

  @Test
  void aReadThatFailsStopsTheMachineIfThatIsWanted() throws Exception {
    compare(
        List.of(
            "-drive", "if=ide,index=0,id=disk,format=raw,rerror=stop," + faulty("read", 7, EIO)),
        script(
            readSector(7),
            await("STOP"),
            command("query-block"),
            command("cont"),
            IDLE,
            ports("inw 0x1f0"),
            command("query-block")));
  }

  @Test
  void aReadThatFailsIsReportedIfNothingIsSaid() throws Exception {
    compare(
        List.of("-drive", "if=ide,index=0,id=disk,format=raw," + faulty("read", 7, EIO)),
        script(
            readSector(7),
            await("BLOCK_IO_ERROR"),
            IDLE,
            command("query-status"),
            human("info blockstats"),
            readSector(7),
            IDLE,
            ports("inw 0x1f0")));
  }

  @Test
  void failuresAreIgnoredIfThatIsWanted() throws Exception {
    compare(
        List.of(
            "-drive", "if=ide,index=0,id=disk,format=raw,werror=ignore," + faulty("write", 7, EIO)),
        script(writeSector(7), await("BLOCK_IO_ERROR"), IDLE, human("info blockstats")));
  }

  @Test
  void aFullDiskStopsTheMachineAndOtherFailuresDoNot() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=ide,index=0,id=disk,format=raw,werror=enospc," + faulty("write", 3, ENOSPC)),
        script(
            writeSector(3),
            await("STOP"),
            command("query-status"),
            command("query-block"),
            command("cont"),
            IDLE,
            command("query-block")));
    compare(
        List.of(
            "-drive", "if=ide,index=0,id=disk,format=raw,werror=enospc," + faulty("write", 3, EIO)),
        script(writeSector(3), await("BLOCK_IO_ERROR"), IDLE, command("query-status")));
  }

  @Test
  void aResetGivesUpWhatWaitsForTheMachineToGoOn() throws Exception {
    // Ours alone: the real program writes then, though nobody has asked the disk for it any more.
    String said =
        play(
            OURS,
            List.of(
                "-drive",
                "if=ide,index=0,id=disk,format=raw,werror=stop," + faulty("write", 5, EIO)),
            script(
                writeSector(5),
                await("STOP"),
                command("system_reset"),
                command("query-status"),
                command("cont"),
                readSector(5),
                IDLE,
                ports("inw 0x1f0"),
                human("info blockstats")));
    assertTrue(said.contains("\"status\": \"prelaunch\""), said);
    assertTrue(said.contains("> ports inw 0x1f0\nOK 0x6161"), said);
    assertTrue(said.contains("wr_operations=0 "), said);
  }

  // A virtio disk in slot 2, by the registers of the time before the standard: its queue is at
  // 10000h, a request's header at 20000h, a sector at 21000h, the result at 22000h.

  private static final List<String> VIRTIO =
      ports(
          "outl 0xcf8 0x80001010",
          "outl 0xcfc 0xc100",
          "outl 0xcf8 0x80001004",
          "outw 0xcfc 0x7",
          "outb 0xc112 0x3",
          "outl 0xc104 0x200", // it can be told to flush
          "outw 0xc10e 0",
          "inw 0xc10c",
          "outl 0xc108 0x10",
          "outb 0xc112 0x7");

  /** The request of that number, from 0 on: 0 reads, 1 writes, 4 flushes. */
  private static List<String> request(int number, int type, int sector) {
    return ports(
        "writel 0x20000 " + type,
        "writeq 0x20008 " + sector,
        "writeb 0x22000 0xff",
        "writeq 0x10000 0x20000",
        "writel 0x10008 16",
        "writel 0x1000c 0x10001",
        "writeq 0x10010 0x21000",
        "writel 0x10018 512",
        "writel 0x1001c " + (type == 0 ? 0x20003 : 0x20001),
        "writeq 0x10020 0x22000",
        "writel 0x10028 1",
        "writel 0x1002c 2",
        "writew " + (0x11004 + 2 * number) + " 0",
        "writew 0x11002 " + (number + 1),
        "outw 0xc110 0");
  }

  private static List<String> result(int value) {
    return List.of("until readb 0x22000 0xff " + value, "until readw 0x12002 0xffff 1");
  }

  private static List<String> virtio(String settings, String fault) {
    return List.of(
        "-drive",
        "if=none,id=disk,format=raw," + fault,
        "-device",
        "virtio-blk-pci,id=card,drive=disk" + settings);
  }

  @Test
  void aVirtioDiskReportsWhatFails() throws Exception {
    compare(
        virtio("", faulty("read", 9, EIO)),
        script(
            VIRTIO,
            request(0, 0, 9),
            result(1),
            await("BLOCK_IO_ERROR"),
            command("query-status"),
            request(1, 0, 9),
            List.of("until readb 0x22000 0xff 0"),
            ports("readl 0x21000"),
            request(2, 0, 4000),
            List.of("until readb 0x22000 0xff 1"),
            human("info blockstats")));
  }

  @Test
  void aVirtioDisksWriteIsMadeAgain() throws Exception {
    for (String settings : List.of(",werror=stop", ",werror=enospc,rerror=auto")) {
      compare(
          virtio(settings, faulty("write", 9, ENOSPC)),
          script(
              VIRTIO,
              ports("memset 0x21000 0x200 0x5a"),
              request(0, 1, 9),
              await("STOP"),
              ports("readb 0x22000"),
              command("query-status"),
              command("query-block"),
              command("cont"),
              result(0),
              command("query-block"),
              human("info blockstats"),
              List.of("run od|-An|-tx1|-j4606|-N4|@/a.raw")));
    }
  }

  @Test
  void aVirtioDisksGuestMayResetItWhileARequestWaits() throws Exception {
    // Ours alone: the real program's answer to the last request did not come here.
    String said =
        play(
            OURS,
            virtio(",werror=stop", faulty("write", 9, EIO)),
            script(
                VIRTIO,
                request(0, 1, 9),
                await("STOP"),
                ports("outb 0xc112 0"),
                command("cont"),
                ports("writew 0x11002 0", "writeq 0x12000 0"), // both rings are new
                VIRTIO,
                request(0, 0, 9),
                result(0),
                command("query-status")));
    assertTrue(said.contains("\"status\": \"running\""), said);
  }

  // A CD drive is the second channel's first.

  private static List<String> packet(int... bytes) {
    int[] whole = Arrays.copyOf(bytes, 12);
    var lines =
        new ArrayList<>(
            ports(
                "outb 0x176 0xa0",
                "outb 0x171 0",
                "outb 0x174 0xfe",
                "outb 0x175 0xff",
                "outb 0x177 0xa0"));
    lines.add("until inb 0x177 0x80 0");
    for (int at = 0; at < 12; at += 2) {
      lines.add("ports outw 0x170 " + (whole[at] | whole[at + 1] << 8));
    }
    lines.add("until inb 0x177 0x80 0");
    return lines;
  }

  private static List<String> answered(int words) {
    return script(
        ports("inb 0x174"), ports(Collections.nCopies(words, "inw 0x170").toArray(String[]::new)));
  }

  private static final List<String> TEST_UNIT_READY = script(packet(0), ports("inb 0x171"));
  private static final List<String> SENSE = script(packet(3, 0, 0, 0, 18), answered(9));
  private static final List<String> EVENT =
      script(packet(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), answered(4));
  private static final List<String> CAPACITY = script(packet(0x25), answered(4));
  private static final List<String> LOCK = packet(0x1e, 0, 0, 0, 1);

  private static final List<String> CD =
      List.of("-drive", "if=ide,index=2,media=cdrom,id=cd,file=@/a.raw,format=raw,node-name=first");

  private static List<String> change(String file) {
    return command(
        "blockdev-change-medium", "'device':'cd','filename':'@/" + file + "','format':'raw'");
  }

  @Test
  void anotherMediumIsSeenByTheGuest() throws Exception {
    compare(
        CD,
        script(
            command("query-block"),
            human("info block"),
            TEST_UNIT_READY,
            EVENT,
            change("b.raw"),
            EVENT,
            EVENT,
            TEST_UNIT_READY,
            SENSE,
            TEST_UNIT_READY,
            TEST_UNIT_READY,
            SENSE,
            TEST_UNIT_READY,
            CAPACITY,
            human("info block cd"),
            command("query-block")));
  }

  @Test
  void aMediumIsTakenOutAndAnotherPutIn() throws Exception {
    compare(
        script(CD, List.of("-device", "ide-cd,bus=ide.1,unit=1,id=second")),
        script(
            command("eject", "'device':'cd'"),
            EVENT,
            TEST_UNIT_READY,
            SENSE,
            human("info block"),
            command("blockdev-close-tray", "'device':'cd'"),
            command("blockdev-close-tray", "'device':'cd'"),
            EVENT,
            TEST_UNIT_READY,
            command(
                "blockdev-add",
                "'driver':'raw','node-name':'b','read-only':true,"
                    + "'file':{'driver':'file','filename':'@/b.raw'}"),
            command("blockdev-insert-medium", "'id':'second','node-name':'nix'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("blockdev-remove-medium", "'id':'second'"),
            command("blockdev-open-tray", "'id':'second'"),
            command("blockdev-open-tray", "'id':'second'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("query-block"),
            command("blockdev-close-tray", "'id':'second'"),
            command("blockdev-del", "'node-name':'b'"),
            command("eject", "'id':'second'"),
            command("blockdev-remove-medium", "'id':'second'"),
            command("blockdev-del", "'node-name':'b'"),
            command("query-block")));
  }

  @Test
  void aLockedTrayStaysShutUntilTheGuestOrForceOpensIt() throws Exception {
    compare(
        CD,
        script(
            LOCK,
            command("query-block"),
            command("eject", "'device':'cd'"),
            EVENT,
            EVENT,
            command("blockdev-open-tray", "'device':'cd'"),
            EVENT,
            change("b.raw"),
            human("info block cd"),
            packet(0x1b, 0, 0, 0, 2),
            SENSE,
            packet(0x1e),
            packet(0x1b, 0, 0, 0, 2),
            command("query-block"),
            EVENT,
            packet(0x1b, 0, 0, 0, 3),
            TEST_UNIT_READY,
            LOCK,
            command("eject", "'device':'cd','force':true"),
            EVENT,
            command("query-block")));
  }

  @Test
  void peopleChangeMediaToo() throws Exception {
    compare(
        script(CD, List.of("-drive", "if=floppy,id=fd")),
        script(
            human("info block"),
            human("eject cd"),
            human("change cd @/b.raw raw"),
            human("info block cd"),
            human("change cd @/a.raw raw read-write"),
            human("info block cd"),
            human("change cd @/a.raw raw sometimes"),
            human("change cd @/none.raw raw"),
            human("change cd @/a.raw nix"),
            human("change nix @/a.raw raw"),
            human("change cd"),
            human("eject"),
            human("eject nix"),
            human("eject -x cd"),
            human("eject cd"),
            human("eject -f cd"),
            human("info block cd"),
            human("info block nix"),
            human("help eject"),
            human("help change"),
            human("help commit"),
            human("info blockstats")));
  }

  @Test
  void aFloppyHasNoTray() throws Exception {
    compare(
        List.of("-drive", "if=floppy,id=fd"),
        script(
            command("query-block"),
            ports("inb 0x3f7"),
            command("blockdev-open-tray", "'device':'fd'"),
            command("blockdev-close-tray", "'device':'fd'"),
            command(
                "blockdev-change-medium", "'device':'fd','filename':'@/floppy.img','format':'raw'"),
            ports("inb 0x3f7"),
            human("info block fd"),
            command("query-block"),
            command("eject", "'device':'fd'"),
            ports("inb 0x3f7"),
            command("query-block")));
  }

  @Test
  void whatIsNotRemovableStays() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=hd,file=@/a.raw,format=raw,node-name=node",
            "-device",
            "ide-hd,bus=ide.0,id=disk,drive=hd"),
        script(
            command("eject", "'device':'hd'"),
            command("blockdev-open-tray", "'id':'disk'"),
            command("blockdev-close-tray", "'id':'disk'"),
            command("blockdev-remove-medium", "'id':'disk'"),
            command("blockdev-insert-medium", "'id':'disk','node-name':'node'"),
            command("blockdev-change-medium", "'id':'disk','filename':'@/b.raw','format':'raw'"),
            command("blockdev-open-tray", "'id':'disk','device':'hd'"),
            command("blockdev-open-tray", "'id':'nix'"),
            command("eject", "'device':'nix'"),
            human("change hd @/b.raw raw"),
            human("eject hd")));
  }

  @Test
  void requestsAreCountedByHowLongTheyTake() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=hd,file=@/a.raw,format=raw",
            "-device",
            "ide-hd,bus=ide.0,id=disk,drive=hd,account-invalid=off,account-failed=off"),
        script(
            command("block-latency-histogram-set", "'id':'nix'"),
            command("block-latency-histogram-set", "'id':'hd','boundaries':[1]"),
            command(
                "block-latency-histogram-set",
                "'id':'disk','boundaries':[1000000000000],'boundaries-write':[1,2000000000000]"),
            readSector(5),
            IDLE,
            ports(Collections.nCopies(256, "inw 0x1f0").toArray(String[]::new)),
            writeSector(5),
            IDLE,
            ports("outb 0x1f7 0xe7"),
            IDLE,
            command("query-blockstats"),
            human("info blockstats"),
            command("block-latency-histogram-set", "'id':'disk','boundaries-read':[0]"),
            command("block-latency-histogram-set", "'id':'disk','boundaries-write':[5,5]"),
            command("block-latency-histogram-set", "'id':'disk'"),
            command("query-blockstats")));
  }

  @Test
  void changesAreMovedIntoTheBackingFile() throws Exception {
    var commands = new Commands(folder);
    Path overlay = folder.resolve("overlay.qcow2");
    Commands.assumeInstalled("qemu-img", "qemu-io");
    var results = new ArrayList<String>();
    for (String program : List.of(EMULATOR, OURS)) {
      Files.write(folder.resolve("base.raw"), filled(1 << 20, 'c'));
      Files.deleteIfExists(overlay);
      commands.succeed(
          "qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", overlay + "");
      results.add(
          play(
              program,
              List.of(
                  "-drive",
                  "if=ide,index=0,id=over,file=@/overlay.qcow2,format=qcow2",
                  "-drive",
                  "if=ide,index=1,id=plain,file=@/a.raw,format=raw",
                  "-drive",
                  "if=ide,index=2,id=cd,media=cdrom"),
              script(
                  writeSector(5),
                  IDLE,
                  human("commit over"),
                  List.of("run od|-An|-tx1|-j2558|-N4|@/base.raw"),
                  List.of("run qemu-img|map|-U|--output=json|@/overlay.qcow2"),
                  writeSector(6),
                  IDLE,
                  human("commit all"),
                  List.of("run od|-An|-tx1|-j3070|-N4|@/base.raw"),
                  human("commit plain"),
                  human("commit cd"),
                  human("commit nix"),
                  human("commit"),
                  human("commit over plain"),
                  readSector(6),
                  IDLE,
                  ports("inw 0x1f0"))));
    }
    assertEquals(results.get(0), results.get(1));
    assertEquals(
        "Images are identical.\n",
        commands.succeed("qemu-img", "compare", overlay + "", "base.raw"));
  }

  @Test
  void whatADriveDoesAboutFailuresHasToBeSomething() throws Exception {
    for (String wrong : List.of("werror=auto", "rerror=enospc", "rerror=sometimes")) {
      assertEquals(refusal(EMULATOR, "none," + wrong), refusal(OURS, "none," + wrong));
    }
    for (String wrong : List.of("werror=stop", "rerror=report")) {
      assertEquals(refusal(EMULATOR, "floppy," + wrong), refusal(OURS, "floppy," + wrong));
    }
  }

  private static String refusal(String program, String drive) throws Exception {
    Commands.assumeInstalled(EMULATOR);
    Process process =
        new ProcessBuilder(program, "-M", "pc", "-display", "none", "-drive", "if=" + drive)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertEquals(1, process.waitFor(), said);
    return said.strip().substring(said.indexOf(EMULATOR));
  }
}
