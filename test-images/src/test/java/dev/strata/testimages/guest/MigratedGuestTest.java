// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that goes on in another process, with its disk, from where it was. */
@Timeout(180)
final class MigratedGuestTest {
  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void prepare() throws Exception {
    Commands.assumeInstalled("qemu-img");
    assumeTrue(Emulator.areThere(), "no qemu-system-x86_64");
    CountingGuest.prepare(folder);
    image = folder.resolve("disk.qcow2");
    new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image + "", "4M");
  }

  private CountingGuest begin(String name, String... more) throws Exception {
    return new CountingGuest(Emulator.OWN, folder, name, image, more);
  }

  private void inspect(CountingGuest guest, String command) throws Exception {
    String said = guest.say("qemu-io virtio0 \"" + command + "\"");
    assertEquals("", said);
    assertFalse(guest.messages().contains("failed"), guest.messages());
  }

  @Test
  void itGoesOnOverASocketAndBackWithWhatItsDiskHas() throws Exception {
    String there = "unix:" + folder.resolve("there");
    String back = "unix:" + folder.resolve("back");
    try (var first = begin("first");
        var second = begin("second", "-incoming", there)) {
      assertEquals("abc", first.count(3));
      inspect(first, "write -P 17 0 64k");
      assertTrue(second.say("info status").contains("inmigrate"));
      assertEquals("", first.say("migrate " + there));
      assertTrue(first.say("info migrate").contains("Migration status: completed"));
      assertTrue(first.say("info status").contains("postmigrate"));
      second.await("info status", "running");
      assertEquals("de", second.count(2));
      inspect(second, "read -P 17 0 64k");
      inspect(second, "write -P 34 64k 64k");
      try (var third = begin("third", "-incoming", back)) {
        assertEquals("", second.say("migrate " + back));
        third.await("info status", "running");
        assertEquals("fgh", third.count(3));
        inspect(third, "read -P 34 64k 64k");
        inspect(third, "write -P 51 128k 64k");
      }
    }
    assertPattern("read -P 17 0 64k", "read -P 34 64k 64k", "read -P 51 128k 64k");
  }

  private void assertPattern(String... commands) throws Exception {
    for (String command : commands) {
      String said =
          new Commands(folder).succeed("qemu-io", "-f", "qcow2", "-c", command, image.toString());
      assertFalse(said.contains("failed"), said);
    }
    new Commands(folder).succeed("qemu-img", "check", "-q", image.toString());
  }

  @Test
  void itsDiskIsFilledByAnExportBeforeItComesAndIsItsOwnAfterwards() throws Exception {
    Path copy = folder.resolve("copy.qcow2");
    var commands = new Commands(folder);
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", copy + "", "4M");
    String there = "unix:" + folder.resolve("there");
    String export = "nbd+unix:///virtio0?socket=" + folder.resolve("nbd");
    try (var first = begin("first");
        var second = new CountingGuest(Emulator.OWN, folder, "second", copy, "-incoming", there)) {
      assertEquals("a", first.count(1));
      assertEquals("", second.say("nbd_server_start unix:" + folder.resolve("nbd")));
      assertEquals("", second.say("nbd_server_add -w virtio0"));
      commands.succeed("qemu-io", "-f", "raw", "-c", "write -P 17 0 64k", export);
      assertEquals("", first.say("migrate " + there));
      second.await("info status", "running");
      assertEquals("b", second.count(1));
      inspect(second, "read -P 17 0 64k");
      assertTrue(second.messages().contains("Permission conflict on node"), second.messages());
      assertEquals("", second.say("nbd_server_stop"));
      assertEquals("", second.say("stop"));
      assertEquals("", second.say("cont"));
      assertEquals("", second.say("nbd_server_start unix:" + folder.resolve("nbd")));
      String refusal = second.say("nbd_server_add -w virtio0");
      assertTrue(refusal.contains("Permission conflict on node"), refusal);
    }
  }

  @Test
  void whatTheGuestWritesMeanwhileGoesAgain() throws Exception {
    String there = "unix:" + folder.resolve("there");
    try (var first = begin("first");
        var second = begin("second", "-incoming", there)) {
      assertEquals("", first.say("migrate_set_parameter max-bandwidth 4k"));
      assertEquals("", first.say("migrate_set_parameter downtime-limit 0"));
      assertEquals("abc", first.count(3));
      assertEquals("", first.say("migrate -d " + there));
      second.await("info migrate", "Migration status: active"); // pages are there
      assertEquals("defg", first.count(4));
      assertEquals("", first.say("migrate_set_parameter max-bandwidth 1G"));
      assertEquals("", first.say("migrate_set_parameter downtime-limit 300"));
      first.await("info migrate", "Migration status: completed");
      second.await("info status", "running");
      assertEquals("hij", second.count(3));
    }
  }

  @Test
  void itIsSavedToAFileAndGoesOnFromThereAndHere() throws Exception {
    Path saved = folder.resolve("saved");
    try (var guest = begin("source")) {
      assertEquals("ab", guest.count(2));
      assertEquals("", guest.say("migrate \"exec:cat > " + saved + "\""));
      assertTrue(guest.say("info status").contains("postmigrate"));
      try (var other = begin("other", "-incoming", "exec:cat " + saved)) {
        other.await("info status", "running");
        assertEquals("cd", other.count(2));
      }
      assertEquals("", guest.say("cont")); // the other one has left the disk
      assertEquals("c", guest.count(1));
      inspect(guest, "write -P 85 0 4k");
    }
    assertPattern("read -P 85 0 4k");
  }

  @Test
  void whoGivesItUpKeepsItRunning() throws Exception {
    try (var guest = begin("source")) {
      assertEquals("a", guest.count(1));
      assertEquals("", guest.say("migrate_set_parameter max-bandwidth 4k"));
      assertEquals("", guest.say("migrate_set_parameter downtime-limit 0")); // goes on for ever
      assertEquals("", guest.say("migrate -d \"exec:cat > /dev/null\""));
      guest.await("info migrate", "Migration status: active");
      assertEquals("b", guest.count(1));
      assertEquals("", guest.say("migrate_cancel"));
      guest.await("info migrate", "Migration status: cancelled");
      assertEquals("cde", guest.count(3));
      assertTrue(guest.say("info status").contains("running"));
      inspect(guest, "write -P 17 0 64k");
      assertEquals("", guest.say("migrate_set_parameter max-bandwidth 100M"));
      assertEquals("", guest.say("migrate_set_parameter downtime-limit 300"));
      assertEquals("", guest.say("migrate \"exec:false\""));
      assertTrue(guest.say("info migrate").contains("Migration status: failed"));
      assertEquals("f", guest.count(1));
      inspect(guest, "write -P 34 64k 64k");
    }
    assertPattern("read -P 17 0 64k", "read -P 34 64k 64k");
  }

  @Test
  void aStreamThatIsCutOffOrBrokenEndsWhoReadsItWithALine() throws Exception {
    Path saved = folder.resolve("saved");
    try (var guest = begin("source")) {
      assertEquals("ab", guest.count(2));
      assertEquals("", guest.say("migrate \"exec:cat > " + saved + "\""));
    }
    byte[] all = Files.readAllBytes(saved);
    for (int end : new int[] {0, 7, 20, all.length / 2, all.length - 1}) {
      assertRefused(Arrays.copyOf(all, end), "ends too early");
    }
    byte[] broken = all.clone();
    broken[3] ^= 1;
    assertRefused(broken, "Not a migration stream");
    broken = all.clone();
    broken[all.length / 2] ^= 1;
    assertRefused(broken, "");
  }

  private void assertRefused(byte[] stream, String why) throws Exception {
    Path given = Files.write(folder.resolve("given"), stream);
    var ended =
        Emulator.OWN.run(
            folder,
            "",
            "-M",
            "pc",
            "-bios",
            folder.resolve("bios") + "",
            "-vga",
            "none",
            "-net",
            "none",
            "-serial",
            "null",
            "-monitor",
            "none",
            "-drive",
            "if=virtio,format=qcow2,file=" + image,
            "-incoming",
            "exec:cat " + given);
    assertEquals(1, ended.code());
    assertTrue(
        ended.messages().startsWith("qemu-system-x86_64: load of migration failed: "),
        ended.messages());
    assertTrue(ended.messages().contains(why), ended.messages());
    assertEquals(1, ended.messages().lines().count(), ended.messages());
  }
}
