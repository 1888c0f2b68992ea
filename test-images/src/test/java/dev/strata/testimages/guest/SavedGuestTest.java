// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that is saved, goes on, and is where it was when it is loaded. */
final class SavedGuestTest {
  @TempDir Path folder;

  @BeforeEach
  void prepare() throws Exception {
    Commands.assumeInstalled("qemu-img");
    assumeTrue(Emulator.areThere(), "no qemu-system-x86_64");
    CountingGuest.prepare(folder);
    new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image(), "4M");
  }

  private String image() {
    return folder.resolve("disk.qcow2").toString();
  }

  private CountingGuest begin(Emulator emulator, String... more) throws Exception {
    var guest = new CountingGuest(emulator, folder, Path.of(image()), more);
    assertTrue(guest.say("info status").contains("running"));
    return guest;
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "real"})
  void itGoesOnFromWhereItWasSaved(String program) throws Exception {
    Emulator emulator = program.equals("own") ? Emulator.OWN : Emulator.REFERENCE;
    try (var guest = begin(emulator)) {
      assertEquals("abc", guest.count(3));
      assertEquals("", guest.say("savevm early"));
      assertEquals("de", guest.count(2));
      assertEquals("", guest.say("savevm late"));
      assertEquals("fgh", guest.count(3));
      assertEquals("", guest.say("loadvm early"));
      assertEquals("d", guest.count(1));
      assertEquals("", guest.say("loadvm late"));
      assertEquals("f", guest.count(1));
      assertEquals(
          "Error: Snapshot 'none' does not exist in one or more devices\n",
          guest.say("loadvm none"));
      assertTrue(guest.isSilent());
    }
    try (var guest = begin(emulator, "-loadvm", "early")) {
      assertEquals("defg", guest.count(4));
      assertEquals("", guest.say("delvm early"));
    }
    String listed = new Commands(folder).succeed("qemu-img", "snapshot", "-l", image());
    assertTrue(listed.contains("late") && !listed.contains("early"), listed);
  }

  @Test
  void whatIsBrokenIsRefusedAndTheMachineIsAsAfterPowerOn() throws Exception {
    try (var guest = begin(Emulator.OWN)) {
      assertEquals("ab", guest.count(2));
      assertEquals("", guest.say("savevm t"));
    }
    flip("\u0003cpu\0\0\0\u0001", 40, 1);
    try (var guest = begin(Emulator.OWN)) {
      assertEquals("abcd", guest.count(4));
      String answer = guest.say("loadvm t");
      assertTrue(
          answer.startsWith("Error: Error -22 while loading VM state: saved state of"), answer);
      assertEquals(1, answer.lines().count());
      assertTrue(guest.isSilent());
      assertEquals("", guest.say("cont"));
      assertEquals("a", guest.count(1));
    }
  }

  /** Flips bits of a byte behind where a section begins, wherever in the image that is. */
  private void flip(String section, int behind, int bits) throws IOException {
    byte[] all = Files.readAllBytes(Path.of(image()));
    int at = new String(all, ISO_8859_1).indexOf(section);
    assertTrue(at > 0);
    try (var file = new RandomAccessFile(image(), "rw")) {
      file.seek(at + behind);
      file.write(all[at + behind] ^ bits);
    }
  }

  @Test
  void aKeyboardThatWasSavedWithOtherFieldsIsRefused() throws Exception {
    try (var guest = begin(Emulator.OWN)) {
      assertEquals("", guest.say("savevm t"));
    }
    String section = "\u0008keyboard\0\0\0";
    flip(section + "\u0002", section.length(), 3); // to version 1
    try (var guest = begin(Emulator.OWN)) {
      assertEquals(
          "Error: Error -22 while loading VM state: saved state of 'keyboard': "
              + "version 1, not 2\n",
          guest.say("loadvm t"));
      assertEquals("", guest.say("cont"));
      assertEquals("a", guest.count(1));
    }
  }

  @Test
  void aMachineOfAnotherKindDoesNotTakeIt() throws Exception {
    try (var guest = begin(Emulator.OWN)) {
      assertEquals("", guest.say("savevm t"));
    }
    var ended =
        Emulator.OWN.run(
            folder,
            "",
            "-M",
            "none",
            "-drive",
            "if=none,format=qcow2,file=" + image(),
            "-loadvm",
            "t");
    assertEquals(1, ended.code());
    assertEquals(
        "qemu-system-x86_64: Error -22 while loading VM state: saved state of 'machine': "
            + "machine type is pc in the saved state and none here\n",
        ended.messages());
  }

  @Test
  void aMachineThatIsYetToBeDescribedBeginsWithNoSnapshot() throws Exception {
    String[] words = {"-M", "none", "-nodefaults", "-loadvm", "t", "-preconfig"};
    Emulator.Ended real = Emulator.REFERENCE.run(folder, "", words);
    Emulator.Ended own = Emulator.OWN.run(folder, "", words);
    assertEquals(1, own.code());
    assertEquals(real.messages(), own.messages());
  }
}
