// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.strata.block.BlockException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

final class SectorCipherTest {
  private static final int SECTOR = SectorCipher.SECTOR;
  private static final int LENGTH = 40 * SECTOR; // more than is worked on at a time

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  private static byte[] noise(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static CipherSuite suite(CipherAlgorithm cipher, CipherMode mode, IvAlgorithm iv)
      throws BlockException {
    return CipherSuite.of(cipher, mode, iv, HashAlgorithm.SHA256);
  }

  private static byte[] encrypted(CipherSuite suite, byte[] key, long sector, byte[] plain) {
    byte[] bytes = plain.clone();
    MemorySegment memory = MemorySegment.ofArray(bytes);
    new SectorCipher(suite, key).encrypt(sector, memory, memory);
    return bytes;
  }

  /** IEEE 1619-2007, B.1, vectors 4 and 5. */
  @Test
  void xtsIsThatOfTheStandard() throws BlockException {
    byte[] key = hex("2718281828459045235360287471352631415926535897932384626433832795");
    var plain = new byte[SECTOR];
    for (int i = 0; i < SECTOR; i++) {
      plain[i] = (byte) i;
    }
    CipherSuite suite = suite(CipherAlgorithm.AES_128, CipherMode.XTS, IvAlgorithm.PLAIN64);
    byte[] first = encrypted(suite, key, 0, plain);
    assertArrayEquals(
        hex("27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c"),
        Arrays.copyOf(first, 32));
    byte[] second = encrypted(suite, key, 1, first);
    assertArrayEquals(
        hex("264d3ca8512194fec312c8c9891f279fefdd608d0c027b60483a3fa811d65ee5"),
        Arrays.copyOf(second, 32));
  }

  private static byte[] number(long sector, int length) {
    var iv = new byte[length];
    for (int i = 0; i < 8; i++) {
      iv[i] = (byte) (sector >>> (8 * i));
    }
    return iv;
  }

  private static byte[] byTheJdk(
      String transformation, byte[] key, long sector, byte[] plain, boolean essiv)
      throws Exception {
    var all = new byte[plain.length];
    for (int at = 0; at < plain.length; at += SECTOR) {
      byte[] iv = number(sector + at / SECTOR, 16);
      if (essiv) {
        Cipher salt = Cipher.getInstance("AES/ECB/NoPadding");
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
        salt.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(hash, "AES"));
        iv = salt.doFinal(iv);
      }
      Cipher cipher = Cipher.getInstance(transformation);
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
      System.arraycopy(cipher.doFinal(plain, at, SECTOR), 0, all, at, SECTOR);
    }
    return all;
  }

  @Test
  void everySectorIsChainedByItself() throws Exception {
    byte[] key = noise(32);
    byte[] plain = noise(LENGTH);
    long sector = 0xffff_fff0L;
    for (boolean essiv : new boolean[] {false, true}) {
      IvAlgorithm iv = essiv ? IvAlgorithm.ESSIV : IvAlgorithm.PLAIN64;
      assertArrayEquals(
          byTheJdk("AES/CBC/NoPadding", key, sector, plain, essiv),
          encrypted(suite(CipherAlgorithm.AES_256, CipherMode.CBC, iv), key, sector, plain));
      assertArrayEquals(
          byTheJdk("AES/CTR/NoPadding", key, sector, plain, essiv),
          encrypted(suite(CipherAlgorithm.AES_256, CipherMode.CTR, iv), key, sector, plain));
    }
  }

  @Test
  void plainNumbersHave32Bits() throws BlockException {
    byte[] key = noise(64);
    byte[] plain = noise(2 * SECTOR);
    CipherSuite suite = suite(CipherAlgorithm.AES_256, CipherMode.XTS, IvAlgorithm.PLAIN);
    byte[] across = encrypted(suite, key, 0xffff_ffffL, plain);
    byte[] start = encrypted(suite, key, 0, Arrays.copyOfRange(plain, SECTOR, 2 * SECTOR));
    assertArrayEquals(start, Arrays.copyOfRange(across, SECTOR, 2 * SECTOR));
  }

  /** One cipher for all of it: what one sector leaves behind must not get into another. */
  @Test
  void whatIsEncryptedIsDecryptedInAnyPieces() throws BlockException {
    byte[] plain = noise(LENGTH);
    int suites = 0;
    for (CipherAlgorithm algorithm : CipherAlgorithm.values()) {
      for (CipherMode mode : CipherMode.values()) {
        for (IvAlgorithm iv : IvAlgorithm.values()) {
          boolean impossible =
              algorithm == CipherAlgorithm.CAST5_128
                  && (mode == CipherMode.XTS || iv == IvAlgorithm.ESSIV);
          if (impossible) {
            continue;
          }
          CipherSuite suite = suite(algorithm, mode, iv);
          var cipher = new SectorCipher(suite, noise(suite.keyBytes()));
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(LENGTH);
            cipher.encrypt(77, MemorySegment.ofArray(plain), memory);
            assertFalse(
                Arrays.equals(plain, memory.toArray(ValueLayout.JAVA_BYTE)), suite.toString());
            int half = 17 * SECTOR;
            cipher.decrypt(77 + 17, memory.asSlice(half));
            cipher.decrypt(77, memory.asSlice(0, half));
            assertArrayEquals(plain, memory.toArray(ValueLayout.JAVA_BYTE), suite.toString());
          }
          suites++;
        }
      }
    }
    assertEquals(9 * 12 + 6, suites);
  }
}
