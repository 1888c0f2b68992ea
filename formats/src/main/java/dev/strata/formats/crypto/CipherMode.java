// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import org.jspecify.annotations.Nullable;

/**
 * How the blocks of a sector hang together.
 *
 * @see "QEMU qapi/crypto.json, QCryptoCipherMode"
 */
public enum CipherMode {
  ECB("ecb"),
  CBC("cbc"),
  XTS("xts"),
  CTR("ctr");

  private final String word;

  CipherMode(String word) {
    this.word = word;
  }

  /** As options and LUKS headers name it. */
  public String word() {
    return word;
  }

  /** How many keys of the cipher it takes. */
  int keys() {
    return this == XTS ? 2 : 1;
  }

  /** The mode of that name, or null. */
  static @Nullable CipherMode named(String word) {
    for (CipherMode mode : values()) {
      if (mode.word.equals(word)) {
        return mode;
      }
    }
    return null;
  }
}
