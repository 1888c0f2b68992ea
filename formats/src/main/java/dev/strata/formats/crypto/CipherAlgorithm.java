// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import org.bouncycastle.crypto.engines.CAST5Engine;
import org.bouncycastle.crypto.engines.SerpentEngine;
import org.bouncycastle.crypto.engines.TwofishEngine;
import org.jspecify.annotations.Nullable;

/**
 * A block cipher with the size of its key.
 *
 * @see "QEMU qapi/crypto.json, QCryptoCipherAlgorithm"
 */
public enum CipherAlgorithm {
  AES_128("aes-128", Family.AES, 16),
  AES_192("aes-192", Family.AES, 24),
  AES_256("aes-256", Family.AES, 32),
  CAST5_128("cast5-128", Family.CAST5, 16),
  SERPENT_128("serpent-128", Family.SERPENT, 16),
  SERPENT_192("serpent-192", Family.SERPENT, 24),
  SERPENT_256("serpent-256", Family.SERPENT, 32),
  TWOFISH_128("twofish-128", Family.TWOFISH, 16),
  TWOFISH_192("twofish-192", Family.TWOFISH, 24),
  TWOFISH_256("twofish-256", Family.TWOFISH, 32);

  /** A cipher whatever its key's size, as LUKS headers name it. */
  enum Family {
    AES("aes", "AES", 16),
    CAST5("cast5", "CAST5", 8),
    SERPENT("serpent", "Serpent", 16),
    TWOFISH("twofish", "Twofish", 16);

    final String headerName;
    final String properName;
    final int blockBytes;

    Family(String headerName, String properName, int blockBytes) {
      this.headerName = headerName;
      this.properName = properName;
      this.blockBytes = blockBytes;
    }
  }

  private final String word;
  private final Family family;
  private final int keyBytes;

  CipherAlgorithm(String word, Family family, int keyBytes) {
    this.word = word;
    this.family = family;
    this.keyBytes = keyBytes;
  }

  /** As options name it. */
  public String word() {
    return word;
  }

  Family family() {
    return family;
  }

  /** Of one key; XTS takes two. */
  int keyBytes() {
    return keyBytes;
  }

  int blockBytes() {
    return family.blockBytes;
  }

  /** The algorithm of that name, or null. */
  static @Nullable CipherAlgorithm named(String word) {
    for (CipherAlgorithm algorithm : values()) {
      if (algorithm.word.equals(word)) {
        return algorithm;
      }
    }
    return null;
  }

  /** The algorithm that a LUKS header names, with keys of that size; null if there is none. */
  static @Nullable CipherAlgorithm ofHeader(String name, long keyBytes) {
    for (CipherAlgorithm algorithm : values()) {
      if (algorithm.family.headerName.equals(name) && algorithm.keyBytes == keyBytes) {
        return algorithm;
      }
    }
    return null;
  }

  /** The cipher with that key, of {@link #keyBytes}; it keeps no reference to the array. */
  BlockCipher start(byte[] key) {
    return switch (family) {
      case AES -> new AesCipher(key);
      case CAST5 -> new EngineCipher(new CAST5Engine(), new CAST5Engine(), key);
      case SERPENT -> new EngineCipher(new SerpentEngine(), new SerpentEngine(), key);
      case TWOFISH -> new EngineCipher(new TwofishEngine(), new TwofishEngine(), key);
    };
  }
}
