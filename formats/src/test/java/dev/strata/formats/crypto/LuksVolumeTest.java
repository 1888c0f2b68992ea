// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LuksVolumeTest {
  private static final byte[] PASSWORD = "old".getBytes(UTF_8);

  /** A header in memory. */
  private record Memory(byte[] bytes) implements HeaderArea {
    @Override
    public void read(long offset, byte[] into) throws BlockException {
      check(offset, into.length);
      System.arraycopy(bytes, (int) offset, into, 0, into.length);
    }

    @Override
    public void write(long offset, byte[] from) throws BlockException {
      check(offset, from.length);
      System.arraycopy(from, 0, bytes, (int) offset, from.length);
    }

    private void check(long offset, int length) throws BlockException {
      if (offset > bytes.length - length) {
        throw BlockException.of(Errno.EIO);
      }
    }

    @Override
    public void flush() {}
  }

  private static byte[] image;

  private static ObjectRegistry secrets() throws BlockException {
    var objects = new ObjectRegistry();
    objects.define("secret,id=old,data=old");
    objects.define("secret,id=new,data=new");
    objects.define("secret,id=other,data=other");
    return objects;
  }

  @BeforeAll
  static void createVolume() throws BlockException {
    LuksCreation creation =
        LuksCreation.take(BlockOptions.of("key-secret", "old", "iter-time", "1"));
    image = new byte[(int) creation.headerBytes()];
    creation.write(new Memory(image), PASSWORD);
  }

  private static LuksVolume open(byte[] bytes) throws BlockException {
    return LuksVolume.open(new Memory(bytes));
  }

  private static void amend(LuksVolume volume, boolean force, String... options)
      throws BlockException {
    LuksAmendment.take(BlockOptions.of(options))
        .apply(volume, new Passphrases(secrets(), "key-secret"), force);
  }

  private static boolean unlocks(byte[] bytes, String password) throws BlockException {
    try (LuksVolume volume = open(bytes)) {
      volume.unlock(password.getBytes(UTF_8));
      return true;
    } catch (BlockException e) {
      assertEquals("Invalid password, cannot unlock any keyslot", e.getMessage());
      return false;
    }
  }

  @Test
  void onlyThePassphraseUnlocks() throws BlockException {
    assertTrue(unlocks(image, "old"));
    assertFalse(unlocks(image, "new"));
    assertFalse(unlocks(image, ""));
  }

  @Test
  void onlyAPassphraseThatStillCountsAddsAnother() throws BlockException {
    LuksVolume volume = open(image.clone());
    volume.unlock(PASSWORD);
    volume.openedWith("old");
    amend(volume, false, "state", "active", "new-secret", "new", "iter-time", "1");
    amend(volume, false, "state", "inactive", "old-secret", "old");
    String[] more = {"state", "active", "new-secret", "other", "iter-time", "1"};
    BlockException refusal = assertThrows(BlockException.class, () -> amend(volume, false, more));
    assertEquals("Invalid password, cannot unlock any keyslot", refusal.getMessage());
    volume.openedWith("new");
    amend(volume, false, more);
  }

  @Test
  void aSecondPassphraseUnlocksTheSameKey() throws BlockException {
    byte[] copy = image.clone();
    LuksVolume volume = open(copy);
    volume.unlock(PASSWORD);
    amend(volume, false, "state", "active", "new-secret", "new", "iter-time", "1");
    byte[] key = volume.keyOf(0, PASSWORD);
    assertArrayEquals(key, open(copy).keyOf(1, "new".getBytes(UTF_8)));
    amend(volume, false, "state", "inactive", "old-secret", "old");
    assertFalse(unlocks(copy, "old"));
    assertTrue(unlocks(copy, "new"));
  }

  @Test
  void anErasedSlotLeavesNothingOfItsKey() throws BlockException {
    byte[] copy = image.clone();
    LuksVolume volume = open(copy);
    volume.unlock(PASSWORD);
    amend(volume, false, "state", "active", "new-secret", "new", "iter-time", "1");
    byte[] header = Arrays.copyOf(copy, LuksHeader.BYTES);
    amend(volume, false, "state", "inactive", "keyslot", "0");
    // Who has a copy of the old header does not get in either.
    System.arraycopy(header, 0, copy, 0, header.length);
    assertFalse(unlocks(copy, "old"));
    assertTrue(unlocks(copy, "new"));
  }

  @Test
  void theLastKeyIsErasedByForceOnly() throws BlockException {
    byte[] copy = image.clone();
    LuksVolume volume = open(copy);
    volume.unlock(PASSWORD);
    var refused =
        assertThrows(
            BlockException.class, () -> amend(volume, false, "state", "inactive", "keyslot", "0"));
    assertTrue(refused.getMessage().startsWith("Attempt to erase the only active keyslot 0"));
    assertTrue(unlocks(copy, "old"));
    amend(volume, true, "state", "inactive", "keyslot", "0");
    assertFalse(unlocks(copy, "old"));
  }

  @Test
  void nineKeysAreTooMany() throws BlockException {
    LuksVolume volume = open(image.clone());
    volume.unlock(PASSWORD);
    String[] options = {"state", "active", "new-secret", "other", "iter-time", "1"};
    for (int i = 1; i < 8; i++) {
      amend(volume, false, options);
    }
    var refused = assertThrows(BlockException.class, () -> amend(volume, false, options));
    assertEquals("Can't add a keyslot - all keyslots are in use", refused.getMessage());
  }

  /** The reference's words, which it was seen to say of the same bytes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0   | 58             | Volume is not in LUKS format",
        "6   | 0002           | LUKS version 2 is not supported",
        "8   | 61657378       | Algorithm 'aesx' with key size 32 bytes not supported",
        "8   | 6361737435     | Algorithm 'cast5' with key size 32 bytes not supported",
        "39  | 61             | LUKS header cipher name is not NUL terminated",
        "40  | 666f6f00       | Unexpected cipher mode string format 'foo'",
        "40  | 78797a         | Cipher mode 'xyz' not supported",
        "44  | 666f6f00       | IV generator 'foo' not supported",
        "44  | 657373697600   | Missing IV generator hash specification",
        "44  | 65737369763a00 | Hash algorithm '' not supported",
        "71  | 61             | LUKS header cipher mode is not NUL terminated",
        "72  | 666f6f00       | Hash algorithm 'foo' not supported",
        "103 | 61             | LUKS header hash spec is not NUL terminated",
        "104 | 00000000       | LUKS payload is overlapping with the header",
        "104 | 00000008       | Keyslot 0 is overlapping with the encrypted payload",
        "108 | 00000000       | Algorithm 'aes' with key size 0 bytes not supported",
        "108 | ffffffff       | Keyslot 0 is overlapping with the encrypted payload",
        "164 | 00000000       | LUKS key iteration count is zero",
        "208 | 01020304       | Keyslot 0 state (active/disable) is corrupted",
        "212 | 00000000       | Keyslot 0 iteration count is zero",
        "248 | 00000000       | Keyslot 0 is overlapping with the LUKS header",
        "248 | 00000007       | Keyslot 0 is overlapping with the LUKS header",
        "248 | ffffffff       | Keyslot 0 is overlapping with the encrypted payload",
        "252 | 00000000       | Keyslot 0 is corrupted (stripes 0 != 4000)",
        "252 | ffffffff       | Keyslot 0 is corrupted (stripes -1 != 4000)",
        "296 | 00000008       | Keyslots 0 and 1 are overlapping in the header",
        "256 | 00ac71f3       | Keyslot 1 iteration count is zero",
      })
  void aDamagedHeaderIsRefused(int offset, String hex, String message) {
    byte[] copy = image.clone();
    byte[] patch = HexFormat.of().parseHex(hex);
    System.arraycopy(patch, 0, copy, offset, patch.length);
    assertEquals(message, assertThrows(BlockException.class, () -> open(copy)).getMessage());
  }

  /** Whatever the bytes: a volume, or one exception with words; and no more memory than a slot. */
  @Test
  void noHeaderDoesWorse() {
    var random = new Random(7);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] copy = Arrays.copyOf(image, LuksHeader.BYTES);
      for (int change = random.nextInt(4); change >= 0; change--) {
        copy[random.nextInt(copy.length)] = (byte) (random.nextInt(4) == 0 ? 0 : random.nextInt());
      }
      try {
        open(copy).describe(false);
      } catch (BlockException e) {
        assertFalse(e.getMessage().isBlank() || e.getMessage().contains("\n"));
        refused++;
      }
    }
    assertTrue(refused > 2000, "refused " + refused);
  }
}
