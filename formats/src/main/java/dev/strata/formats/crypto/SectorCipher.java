// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Encrypts and decrypts sectors, each with its number, under one key. For one thread at a time.
 *
 * <p>Numbers count 512 bytes whatever a sector's size, as the Linux kernel has it: larger sectors
 * have every eighth number, say.
 *
 * <p>Sectors go through arrays some kilobytes at a time: those stay in the processor's first cache,
 * and a call of the cipher is long enough to count for little.
 */
final class SectorCipher {
  /** What sectors are counted in, and the size that most are of. */
  static final int SECTOR = 512;

  /** Whole sectors of every size. */
  private static final int CHUNK = 8192;

  private static final int XTS_BLOCK = 16;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final CipherMode mode;
  private final IvAlgorithm ivAlgorithm;
  private final BlockCipher data;
  private final @Nullable BlockCipher tweak; // of XTS
  private final @Nullable BlockCipher number; // of ESSIV
  private final int block;
  private final int sectorBytes;
  private final byte[] in = new byte[CHUNK];
  private final byte[] out = new byte[CHUNK];
  private final byte[] mask;
  private final byte[] numbers;
  private final byte[] ivs;
  private final byte[] tweaks = new byte[CHUNK / SECTOR * XTS_BLOCK];

  /** For sectors of 512 bytes. */
  SectorCipher(CipherSuite suite, byte[] key) {
    this(suite, key, SECTOR);
  }

  /**
   * Under a key, of which it keeps no reference.
   *
   * @param key of {@link CipherSuite#keyBytes}
   * @param sectorBytes 512, 1024, 2048 or 4096
   */
  SectorCipher(CipherSuite suite, byte[] key, int sectorBytes) {
    this.sectorBytes = sectorBytes;
    this.mode = suite.mode();
    this.ivAlgorithm = suite.iv();
    int keyBytes = suite.cipher().keyBytes();
    byte[] first = Arrays.copyOf(key, keyBytes);
    this.data = suite.cipher().start(first);
    Arrays.fill(first, (byte) 0);
    this.block = data.blockBytes();
    if (mode == CipherMode.XTS) {
      byte[] second = Arrays.copyOfRange(key, keyBytes, 2 * keyBytes);
      this.tweak = suite.cipher().start(second);
      Arrays.fill(second, (byte) 0);
    } else {
      this.tweak = null;
    }
    HashAlgorithm hash = suite.ivHash();
    CipherAlgorithm ivCipher = suite.ivCipher();
    if (hash != null && ivCipher != null) {
      byte[] salt = hash.start().digest(key);
      this.number = ivCipher.start(salt);
      Arrays.fill(salt, (byte) 0);
    } else {
      this.number = null;
    }
    this.mask = new byte[mode == CipherMode.XTS || mode == CipherMode.CTR ? CHUNK : 0];
    this.numbers = new byte[CHUNK / SECTOR * block];
    this.ivs = new byte[CHUNK / SECTOR * block];
  }

  /**
   * Encrypts whole sectors.
   *
   * @param sector the first one's number
   * @param to as long as {@code from}; may be the same memory
   */
  void encrypt(long sector, MemorySegment from, MemorySegment to) {
    for (long at = 0; at < from.byteSize(); at += CHUNK) {
      int length = (int) Math.min(CHUNK, from.byteSize() - at);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, in, 0, length);
      encryptChunk(sector + at / SECTOR, length);
      MemorySegment.copy(out, 0, to, ValueLayout.JAVA_BYTE, at, length);
    }
  }

  /** Decrypts whole sectors, the first one of number {@code sector}, in their place. */
  void decrypt(long sector, MemorySegment sectors) {
    for (long at = 0; at < sectors.byteSize(); at += CHUNK) {
      int length = (int) Math.min(CHUNK, sectors.byteSize() - at);
      MemorySegment.copy(sectors, ValueLayout.JAVA_BYTE, at, in, 0, length);
      decryptChunk(sector + at / SECTOR, length);
      MemorySegment.copy(out, 0, sectors, ValueLayout.JAVA_BYTE, at, length);
    }
  }

  private void encryptChunk(long sector, int length) {
    switch (mode) {
      case ECB -> data.encrypt(in, 0, length, out);
      case CBC -> {
        findIvs(sector, length / sectorBytes);
        for (int at = 0; at < length; at += sectorBytes) {
          data.encryptChained(ivs, at / sectorBytes * block, in, at, sectorBytes, out);
        }
      }
      case CTR -> crypt(sector, length);
      case XTS -> {
        findMasks(sector, length);
        mix(in, length);
        data.encrypt(in, 0, length, out);
        mix(out, length);
      }
    }
  }

  private void decryptChunk(long sector, int length) {
    switch (mode) {
      case ECB -> data.decrypt(in, 0, length, out);
      case CBC -> {
        findIvs(sector, length / sectorBytes);
        for (int at = 0; at < length; at += sectorBytes) {
          data.decryptChained(ivs, at / sectorBytes * block, in, at, sectorBytes, out);
        }
      }
      case CTR -> crypt(sector, length);
      case XTS -> {
        findMasks(sector, length);
        mix(in, length);
        data.decrypt(in, 0, length, out);
        mix(out, length);
      }
    }
  }

  /** The initialization vectors of that many sectors, one after the other. */
  private void findIvs(long sector, int count) {
    byte[] plain = number == null ? ivs : numbers;
    for (int i = 0; i < count; i++) {
      long value = sector + (long) i * (sectorBytes / SECTOR);
      if (ivAlgorithm == IvAlgorithm.PLAIN) {
        value &= 0xffff_ffffL;
      }
      int at = i * block;
      LONG.set(plain, at, value); // the rest is never anything but zeroes
    }
    if (number != null) {
      number.encrypt(plain, 0, count * block, ivs);
    }
  }

  /** Counter mode is the same in both directions. */
  private void crypt(long sector, int length) {
    findIvs(sector, length / sectorBytes);
    for (int at = 0; at < length; at += sectorBytes) {
      int counter = at / sectorBytes * block;
      for (int i = 0; i < sectorBytes; i += block) {
        System.arraycopy(ivs, counter, mask, at + i, block);
        increment(counter);
      }
    }
    data.encrypt(mask, 0, length, out);
    for (int i = 0; i < length; i++) {
      out[i] ^= in[i];
    }
    if (number == null) {
      Arrays.fill(ivs, (byte) 0);
    }
  }

  /** Adds one to a counter, whose last byte is its lowest. */
  private void increment(int counter) {
    for (int i = counter + block - 1; i >= counter; i--) {
      if (++ivs[i] != 0) {
        return;
      }
    }
  }

  /** What XTS XORs to each block, before and after its encryption. */
  private void findMasks(long sector, int length) {
    if (tweak == null) {
      throw new IllegalStateException("XTS without its second key");
    }
    int count = length / sectorBytes;
    findIvs(sector, count);
    tweak.encrypt(ivs, 0, count * XTS_BLOCK, tweaks);
    for (int i = 0; i < count; i++) {
      findMask(tweaks, i * XTS_BLOCK, i * sectorBytes);
    }
  }

  /** The masks of one sector: each is the one before, times x in a field of 2^128 elements. */
  private void findMask(byte[] first, int from, int to) {
    long low = (long) LONG.get(first, from);
    long high = (long) LONG.get(first, from + 8);
    for (int at = to; at < to + sectorBytes; at += XTS_BLOCK) {
      LONG.set(mask, at, low);
      LONG.set(mask, at + 8, high);
      long carry = (high >> 63) & 0x87;
      high = high << 1 | low >>> 63;
      low = low << 1 ^ carry;
    }
  }

  private void mix(byte[] bytes, int length) {
    byte[] masks = mask;
    for (int at = 0; at < length; at += 8) {
      LONG.set(bytes, at, (long) LONG.get(bytes, at) ^ (long) LONG.get(masks, at));
    }
  }

  /** Overwrites what is left of guest data. */
  void wipe() {
    Arrays.fill(in, (byte) 0);
    Arrays.fill(out, (byte) 0);
    Arrays.fill(mask, (byte) 0);
  }
}
