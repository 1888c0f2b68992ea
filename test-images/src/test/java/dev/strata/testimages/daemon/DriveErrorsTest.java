// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What comes of a guest's requests that fail. */
@Execution(ExecutionMode.CONCURRENT)
final class DriveErrorsTest extends DriveConversation {
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
