// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Blows a key up to many stripes of its size, of which every single one is needed to get it back:
 * so overwriting any part of them destroys it.
 *
 * @see "LUKS On-Disk Format Specification 1.2.3, 2.4"
 */
final class AntiForensic {
  private AntiForensic() {}

  /** The stripes of {@code key}, in a row. */
  static byte[] split(HashAlgorithm hash, byte[] key, int stripes, RandomGenerator random) {
    int size = key.length;
    var split = new byte[Math.multiplyExact(size, stripes)];
    random.nextBytes(split);
    byte[] mixed = mixed(hash, split, size, stripes);
    int last = size * (stripes - 1);
    for (int i = 0; i < size; i++) {
      split[last + i] = (byte) (mixed[i] ^ key[i]);
    }
    Arrays.fill(mixed, (byte) 0);
    return split;
  }

  /** The key of {@code size} bytes that was split. */
  static byte[] merge(HashAlgorithm hash, byte[] split, int size, int stripes) {
    byte[] key = mixed(hash, split, size, stripes);
    int last = size * (stripes - 1);
    for (int i = 0; i < size; i++) {
      key[i] ^= split[last + i];
    }
    return key;
  }

  /** What all stripes but the last one come to. */
  private static byte[] mixed(HashAlgorithm hash, byte[] split, int size, int stripes) {
    var mixed = new byte[size];
    MessageDigest digest = hash.start();
    for (int stripe = 0; stripe < stripes - 1; stripe++) {
      for (int i = 0; i < size; i++) {
        mixed[i] ^= split[stripe * size + i];
      }
      diffuse(digest, mixed);
    }
    return mixed;
  }

  /** Replaces each piece as long as a hash by the hash of its number and itself. */
  private static void diffuse(MessageDigest digest, byte[] bytes) {
    int piece = digest.getDigestLength();
    for (int at = 0, number = 0; at < bytes.length; at += piece, number++) {
      int length = Math.min(piece, bytes.length - at);
      digest.update((byte) (number >>> 24));
      digest.update((byte) (number >>> 16));
      digest.update((byte) (number >>> 8));
      digest.update((byte) number);
      digest.update(bytes, at, length);
      System.arraycopy(digest.digest(), 0, bytes, at, length);
    }
  }
}
