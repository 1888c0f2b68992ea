// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is known of a guest's requests, and images that they have changed. */
final class DriveCountsTest extends DriveConversation {
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
}
