// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;

/**
 * A cipher as a LUKS2 header names it, {@code aes-xts-plain64}: what it is depends on its key's
 * size too.
 *
 * @param name without the mode
 * @param mode and initialization vectors
 */
record Luks2Cipher(String name, String mode) {
  /** The member {@code encryption}. */
  static Luks2Cipher of(Luks2Object holder) throws BlockException {
    String encryption = holder.string("encryption");
    int dash = encryption.indexOf('-');
    if (dash < 0) {
      throw holder.wrong("encryption", "is '" + encryption + "', which has no mode");
    }
    return new Luks2Cipher(encryption.substring(0, dash), encryption.substring(dash + 1));
  }

  /** What it is with a key of that size, beside a hash. */
  LuksAlgorithms algorithms(int keyBytes, String hash) throws BlockException {
    return LuksAlgorithms.of(name, mode, keyBytes, hash);
  }
}
