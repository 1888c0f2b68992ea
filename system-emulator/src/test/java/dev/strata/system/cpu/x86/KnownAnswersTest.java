// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The examples of the standards, whatever the host's processor has. */
final class KnownAnswersTest {
  private static final String KEY = "2b7e151628aed2a6abf7158809cf4f3c";
  private static final String PLAIN = "3243f6a8885a308d313198a2e0370734";
  private static final String CIPHER = "3925841d02dc09fbdc118597196a0b32";

  /** A register: its low half, its high half. */
  private record Vector(long low, long high) {
    static Vector of(String hex) {
      var bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
      return new Vector(bytes.getLong(), bytes.getLong());
    }

    /** From four words, that of the lowest bits first. */
    static Vector of(int... words) {
      return new Vector(
          (words[0] & 0xffffffffL) | (long) words[1] << 32,
          (words[2] & 0xffffffffL) | (long) words[3] << 32);
    }

    int word(int index) {
      return (int) ((index < 2 ? low : high) >>> (32 * (index & 1)));
    }

    Vector xor(Vector other) {
      return new Vector(low ^ other.low, high ^ other.high);
    }

    Vector plus(Vector other) {
      return of(
          word(0) + other.word(0),
          word(1) + other.word(1),
          word(2) + other.word(2),
          word(3) + other.word(3));
    }

    @Override
    public String toString() {
      var bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      return HexFormat.of().formatHex(bytes.putLong(low).putLong(high).array());
    }
  }

  private static final Vector NONE = new Vector(0, 0);

  /** What an instruction with XMM1 and XMM2 leaves in XMM1. */
  private static Vector run(Vector first, Vector second, Vector implicit, int... code) {
    byte[] program = new byte[code.length + 1];
    for (int i = 0; i < code.length; i++) {
      program[i] = (byte) code[i];
    }
    program[code.length] = (byte) 0xf4; // HLT
    try (var machine = new ProgramMachine(true, null)) {
      machine.load(program);
      long[] xmm = machine.cpu.extended.xmm;
      xmm[0] = implicit.low;
      xmm[1] = implicit.high;
      xmm[2] = first.low;
      xmm[3] = first.high;
      xmm[4] = second.low;
      xmm[5] = second.high;
      machine.run(new Random(1), false);
      return new Vector(xmm[2], xmm[3]);
    }
  }

  private static Vector aes(int opcode, Vector state, Vector key) {
    return run(state, key, NONE, 0x66, 0x0f, 0x38, opcode, 0xca);
  }

  /** FIPS 197, appendix A.1. */
  private static Vector[] keys() {
    var keys = new Vector[11];
    keys[0] = Vector.of(KEY);
    for (int i = 1; i <= 10; i++) {
      int constant = i < 9 ? 1 << (i - 1) : i == 9 ? 0x1b : 0x36;
      Vector before = keys[i - 1];
      int word = run(NONE, before, NONE, 0x66, 0x0f, 0x3a, 0xdf, 0xca, constant).word(3);
      int[] words = new int[4];
      for (int j = 0; j < 4; j++) {
        word ^= before.word(j);
        words[j] = word;
      }
      keys[i] = Vector.of(words);
    }
    return keys;
  }

  @Test
  void keysAreExpandedAsTheStandardHasIt() {
    assertEquals("d014f9a8c9ee2589e13f0cc8b6630ca6", keys()[10].toString());
  }

  /** FIPS 197, appendix B. */
  @Test
  void aesGivesTheStandardsExample() {
    Vector[] keys = keys();
    Vector state = Vector.of(PLAIN).xor(keys[0]);
    for (int i = 1; i < 10; i++) {
      state = aes(0xdc, state, keys[i]);
    }
    assertEquals(CIPHER, aes(0xdd, state, keys[10]).toString());
  }

  @Test
  void aesUndoesTheStandardsExample() {
    Vector[] keys = keys();
    Vector state = Vector.of(CIPHER).xor(keys[10]);
    for (int i = 9; i > 0; i--) {
      state = aes(0xde, state, aes(0xdb, NONE, keys[i]));
    }
    assertEquals(PLAIN, aes(0xdf, state, keys[0]).toString());
  }

  private static Vector sha(int opcode, Vector first, Vector second) {
    return run(first, second, NONE, 0x0f, 0x38, opcode, 0xca);
  }

  /** "abc" as a padded block. */
  private static int[] block() {
    byte[] bytes = new byte[64];
    System.arraycopy("abc".getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, 3);
    bytes[3] = (byte) 0x80;
    bytes[63] = 24;
    int[] words = new int[16];
    ByteBuffer.wrap(bytes).asIntBuffer().get(words);
    return words;
  }

  /** FIPS 180's example of SHA-1, one block. */
  @Test
  void sha1GivesTheStandardsExample() {
    int[] w = block();
    var words = new Vector[20];
    for (int i = 0; i < 20; i++) {
      // The first word of four is in the highest bits.
      if (i < 4) {
        words[i] = Vector.of(w[4 * i + 3], w[4 * i + 2], w[4 * i + 1], w[4 * i]);
      } else {
        Vector mixed = sha(0xc9, words[i - 4], words[i - 3]).xor(words[i - 2]);
        words[i] = sha(0xca, mixed, words[i - 1]);
      }
    }
    Vector start = Vector.of(0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301);
    Vector state = start;
    Vector before = start;
    Vector word = words[0].plus(Vector.of(0, 0, 0, 0xc3d2e1f0));
    for (int i = 0; i < 20; i++) {
      Vector next = run(state, word, NONE, 0x0f, 0x3a, 0xcc, 0xca, i / 5);
      before = state;
      state = next;
      if (i < 19) {
        word = sha(0xc8, before, words[i + 1]);
      }
    }
    int e = sha(0xc8, before, Vector.of(0, 0, 0, 0xc3d2e1f0)).word(3);
    Vector sum = state.plus(start);
    assertEquals(
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        String.format(
            "%08x%08x%08x%08x%08x", sum.word(3), sum.word(2), sum.word(1), sum.word(0), e));
  }

  private static final int[] SHA256 = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
  };

  /** FIPS 180's example of SHA-256, one block. */
  @Test
  void sha256GivesTheStandardsExample() {
    int[] w = block();
    var words = new Vector[16];
    for (int i = 0; i < 16; i++) {
      if (i < 4) {
        words[i] = Vector.of(w[4 * i], w[4 * i + 1], w[4 * i + 2], w[4 * i + 3]);
      } else {
        Vector a = words[i - 2];
        Vector b = words[i - 1];
        Vector seventh = Vector.of(a.word(1), a.word(2), a.word(3), b.word(0));
        words[i] = sha(0xcd, sha(0xcc, words[i - 4], words[i - 3]).plus(seventh), b);
      }
    }
    Vector abef = Vector.of(0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667);
    Vector cdgh = Vector.of(0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372);
    Vector first = abef;
    Vector second = cdgh;
    for (int i = 0; i < 32; i++) {
      Vector word = words[i / 2];
      int low = 2 * (i & 1);
      Vector implicit =
          Vector.of(word.word(low) + SHA256[2 * i], word.word(low + 1) + SHA256[2 * i + 1], 0, 0);
      Vector next = run(second, first, implicit, 0x0f, 0x38, 0xcb, 0xca);
      second = first;
      first = next;
    }
    Vector x = first.plus(abef);
    Vector y = second.plus(cdgh);
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        String.format(
            "%08x%08x%08x%08x%08x%08x%08x%08x",
            x.word(3), x.word(2), y.word(3), y.word(2), x.word(1), x.word(0), y.word(1),
            y.word(0)));
  }

  /** Products of polynomials, worked out by hand. */
  @Test
  void carrylessProductsAreThoseOfPolynomials() {
    Vector a = new Vector(0x63746f725d53475dL, 0x7b5b546573745665L);
    Vector b = new Vector(0x5b477565726f6e5dL, 0x4869285368617929L);
    for (int which : new int[] {0, 1, 16, 17}) {
      long x = (which & 1) != 0 ? a.high : a.low;
      long y = (which & 16) != 0 ? b.high : b.low;
      BigInteger product = BigInteger.ZERO;
      for (int i = 0; i < 64; i++) {
        if ((y >>> i & 1) != 0) {
          product = product.xor(BigInteger.valueOf(x).shiftLeft(i));
        }
      }
      Vector expected = new Vector(product.longValue(), product.shiftRight(64).longValue());
      assertEquals(expected, run(a, b, NONE, 0x66, 0x0f, 0x3a, 0x44, 0xca, which));
    }
  }

  /** RFC 3720, B.4: CRC32C of 32 bytes of zeros. */
  @Test
  void checksumsGiveTheStandardsExample() {
    long crc = 0xffffffffL;
    for (int i = 0; i < 4; i++) {
      crc = BitManipulation.checksum(crc, 0, 3);
    }
    assertEquals(0x8a9136aaL, crc ^ 0xffffffffL);
    crc = 0xffffffffL;
    for (byte b : "123456789".getBytes(StandardCharsets.US_ASCII)) {
      crc = BitManipulation.checksum(crc, b, 0);
    }
    assertEquals(0xe3069283L, crc ^ 0xffffffffL);
  }
}
