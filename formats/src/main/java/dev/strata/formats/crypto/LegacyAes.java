// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import java.util.Arrays;

/**
 * The encryption that qcow and qcow2 had before LUKS: the passphrase itself is the key, and nothing
 * tells a wrong one.
 *
 * @see "QEMU docs/interop/qcow2.txt, Data encryption"
 */
public final class LegacyAes {
  private static final int KEY_BYTES = 16;

  private LegacyAes() {}

  /** The sectors of a disk of that passphrase. */
  public static EncryptedSectors sectors(byte[] password) throws BlockException {
    // What is longer than the key does not count, what is shorter is filled with zeroes.
    byte[] key = Arrays.copyOf(password, KEY_BYTES);
    try {
      return new EncryptedSectors(
          CipherSuite.of(CipherAlgorithm.AES_128, CipherMode.CBC, IvAlgorithm.PLAIN64, null), key);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }
}
