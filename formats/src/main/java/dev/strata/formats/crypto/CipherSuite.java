// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.jspecify.annotations.Nullable;

/**
 * How sectors are encrypted, but for the key.
 *
 * @param ivHash with {@link IvAlgorithm#ESSIV}; else null
 * @param ivCipher with {@link IvAlgorithm#ESSIV}: what encrypts a sector's number; else null
 */
record CipherSuite(
    CipherAlgorithm cipher,
    CipherMode mode,
    IvAlgorithm iv,
    @Nullable HashAlgorithm ivHash,
    @Nullable CipherAlgorithm ivCipher) {

  /** EINVAL or so in the reference's words if the parts do not go together. */
  static CipherSuite of(
      CipherAlgorithm cipher, CipherMode mode, IvAlgorithm iv, @Nullable HashAlgorithm ivHash)
      throws BlockException {
    if (iv == IvAlgorithm.ESSIV && ivHash == null) {
      throw new BlockException(Errno.EINVAL, "Missing IV generator hash specification");
    }
    CipherAlgorithm ivCipher = null;
    if (iv == IvAlgorithm.ESSIV && ivHash != null) {
      ivCipher = ivCipher(cipher, ivHash.digestBytes());
    }
    if (mode == CipherMode.XTS && cipher.blockBytes() != 16) {
      throw new BlockException(Errno.EINVAL, "Unsupported cipher mode xts");
    }
    return new CipherSuite(cipher, mode, iv, iv == IvAlgorithm.ESSIV ? ivHash : null, ivCipher);
  }

  private static CipherAlgorithm ivCipher(CipherAlgorithm cipher, int keyBytes)
      throws BlockException {
    CipherAlgorithm.Family family = cipher.family();
    CipherAlgorithm found = CipherAlgorithm.ofHeader(family.headerName, keyBytes);
    if (found != null) {
      return found;
    }
    throw new BlockException(
        Errno.EINVAL,
        family == CipherAlgorithm.Family.CAST5
            ? "Cipher " + cipher.word() + " not supported with essiv"
            : "No " + family.properName + " cipher with key size " + keyBytes + " available");
  }

  /** Of all keys that it takes together. */
  int keyBytes() {
    return cipher.keyBytes() * mode.keys();
  }
}
