// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import org.jspecify.annotations.Nullable;

/**
 * How a sector's number becomes the initialization vector of its cipher.
 *
 * @see "QEMU qapi/crypto.json, QCryptoIVGenAlgorithm"
 */
public enum IvAlgorithm {
  /** The number's low 32 bits. */
  PLAIN("plain"),
  PLAIN64("plain64"),
  /** The number, encrypted by a hash of the key. */
  ESSIV("essiv");

  private final String word;

  IvAlgorithm(String word) {
    this.word = word;
  }

  /** As options and LUKS headers name it. */
  public String word() {
    return word;
  }

  /** The algorithm of that name, or null. */
  static @Nullable IvAlgorithm named(String word) {
    for (IvAlgorithm algorithm : values()) {
      if (algorithm.word.equals(word)) {
        return algorithm;
      }
    }
    return null;
  }
}
