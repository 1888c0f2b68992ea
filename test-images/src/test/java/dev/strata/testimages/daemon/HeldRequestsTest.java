// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that have stopped the machine, in its snapshots. */
final class HeldRequestsTest extends DriveConversation {
  private static final List<String> STOPS_ONCE =
      List.of(
          "-drive",
          "if=ide,index=0,id=disk,format=qcow2,werror=stop,file.driver=blkdebug,"
              + "file.image.driver=file,file.image.filename=@/held.qcow2,"
              + "file.inject-error.0.event=write_aio,file.inject-error.0.errno=5,"
              + "file.inject-error.0.once=on");

  // A request that waits reads as none: the count of sectors tells that it has been made.
  private static final List<String> DONE = List.of("until inb 0x1f2 0xff 0", "ports inb 0x1f7");

  private String said(String program) throws Exception {
    Files.deleteIfExists(folder.resolve("held.qcow2"));
    var commands = new Commands(folder);
    commands.succeed(
        "qemu-img", "create", "-q", "-f", "qcow2", folder.resolve("held.qcow2") + "", "1M");
    return play(
        program,
        STOPS_ONCE,
        script(
            writeSector(5),
            await("STOP"),
            command("query-status"),
            ports("inb 0x3f6"),
            human("savevm waiting"),
            command("query-status"),
            command("cont"),
            DONE,
            command("stop"),
            human("loadvm waiting"), // to before the write, which has yet to be made
            command("query-status"),
            ports("inb 0x3f6", "inb 0x1f7"),
            command("cont"),
            DONE,
            readSector(5),
            IDLE,
            ports("inw 0x1f0")));
  }

  @Test
  void aRequestThatWaitsIsSavedAndMadeWhenTheMachineGoesOn() throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    String own = said(OURS);
    assertTrue(own.contains("OK 0x5a5a"), own);
    assertEquals(said(EMULATOR), own);
  }
}
