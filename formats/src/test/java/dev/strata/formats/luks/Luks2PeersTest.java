// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import static dev.strata.formats.luks.Cryptsetup.PASSWORD;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.json.JsonArray;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of version 2 that cryptsetup made of content that is known. */
final class Luks2PeersTest {
  private static final int SIZE = 1600 << 10;
  private static final int KNOWN = SIZE - Cryptsetup.REDUCTION;
  private static final String QUICK = "--pbkdf pbkdf2 --pbkdf-force-iterations 1000";

  @TempDir private Path folder;
  private final byte[] content = new byte[SIZE];
  private Cryptsetup cryptsetup;

  @BeforeEach
  void isInstalled() {
    assumeTrue(Cryptsetup.isInstalled());
    cryptsetup = new Cryptsetup(folder);
    new Random(7).nextBytes(content);
  }

  private static byte[] read(Path image, String password, int offset, int length)
      throws BlockException {
    return Cryptsetup.use(
        image,
        password,
        false,
        disk -> {
          var bytes = new byte[length];
          disk.read(offset, IoVector.of(bytes), 0);
          return bytes;
        });
  }

  private static boolean unlocks(Path image, String password) throws BlockException {
    try {
      read(image, password, 0, 512);
      return true;
    } catch (BlockException e) {
      assertEquals("Invalid password, cannot unlock any keyslot", e.getMessage());
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--sector-size 512 --pbkdf argon2id --pbkdf-memory 4096 --pbkdf-force-iterations 4",
        "--sector-size 1024 --pbkdf argon2i --pbkdf-memory 77 --pbkdf-parallel 1"
            + " --pbkdf-force-iterations 5",
        "--sector-size 2048 --hash sha512 " + QUICK,
        "--sector-size 4096 --key-size 256 " + QUICK,
        "--sector-size 512 --cipher aes-cbc-essiv:sha256 --key-size 128 " + QUICK,
        "--sector-size 4096 --cipher aes-cbc-plain64 --key-size 256 --hash sha1 " + QUICK,
      })
  void whatCryptsetupEncryptedIsRead(String options) throws Exception {
    Path image = cryptsetup.encrypt(content, options);
    assertArrayEquals(Arrays.copyOf(content, KNOWN), read(image, PASSWORD, 0, KNOWN));
    // Pieces that neither begin nor end where a sector does.
    for (int at = 1, length = 3; at + length < KNOWN; at = at * 3 + 5, length *= 2) {
      assertArrayEquals(
          Arrays.copyOfRange(content, at, at + length), read(image, PASSWORD, at, length));
    }
  }

  @Test
  void eachOfSeveralPassphrasesUnlocks() throws Exception {
    Path image = cryptsetup.encrypt(content, QUICK);
    String[] add = {"luksAddKey", "--key-file", "key", "--pbkdf-memory", "64", "image", "-"};
    String[] quick = {"--pbkdf-force-iterations", "4", "--pbkdf", "argon2id"};
    assertEquals(0, cryptsetup.run("second", joined(add, quick)), "luksAddKey");
    assertEquals(true, unlocks(image, PASSWORD));
    assertEquals(true, unlocks(image, "second"));
    assertEquals(false, unlocks(image, "third"));
    assertEquals(2, slots(image));
  }

  private static String[] joined(String[] first, String... second) {
    String[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static int slots(Path image) throws BlockException {
    var slots = Cryptsetup.information(image).get("slots");
    return ((JsonArray) slots).size();
  }

  @Test
  void aKeyOfSomethingElseIsNoneOfTheDisk() throws Exception {
    Path image = cryptsetup.encrypt(content, QUICK);
    String[] add = {"luksAddKey", "--unbound", "--key-size", "512", "--key-file", "key"};
    assertEquals(
        0,
        cryptsetup.run(
            "unbound",
            joined(add, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "image", "-")));
    assertEquals(false, unlocks(image, "unbound"));
    assertEquals(true, unlocks(image, PASSWORD));
    assertEquals(1, slots(image));
  }

  @Test
  void aSlotToBeIgnoredIsNotTried() throws Exception {
    Path image = cryptsetup.encrypt(content, QUICK);
    assertEquals(
        0, cryptsetup.run("", "config", "--key-slot", "0", "--priority", "ignore", "image"));
    assertEquals(false, unlocks(image, PASSWORD));
    assertEquals(
        0, cryptsetup.run("", "config", "--key-slot", "0", "--priority", "prefer", "image"));
    assertEquals(true, unlocks(image, PASSWORD));
  }

  @Test
  void anEncryptionUnderWayIsRefused() throws Exception {
    Path image = cryptsetup.encrypt(content, QUICK + " --init-only");
    var refused = assertThrows(BlockException.class, () -> read(image, PASSWORD, 0, 512));
    assertEquals("LUKS2 reencryption is under way: let cryptsetup finish it", refused.getMessage());
  }

  /** The disk's later part as a disk of its own has the numbers that it had. */
  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void theFirstSectorsNumberCounts(int sectorBytes) throws Exception {
    Path image = cryptsetup.encrypt(content, "--sector-size " + sectorBytes + " " + QUICK);
    byte[] bytes = Files.readAllBytes(image);
    int offset = Cryptsetup.REDUCTION / 2;
    for (Luks2Copy copy : new Luks2Copy[] {Luks2Copy.first(bytes), Luks2Copy.second(bytes)}) {
      copy.withText(text ->
          text.replace("\"offset\":\"" + offset, "\"offset\":\"" + (offset + 8192))
              .replace("\"dynamic\"", "\"65536\"")
              .replace("\"iv_tweak\":\"0\"", "\"iv_tweak\":\"16\""));
    }
    Files.write(image, bytes);
    assertArrayEquals(
        Arrays.copyOfRange(content, 8192, 8192 + 65536), read(image, PASSWORD, 0, 65536));
    assertEquals(65536, (long) Cryptsetup.use(image, PASSWORD, false, disk -> disk.length()));
  }
}
