// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.jspecify.annotations.Nullable;

/**
 * What the names in a LUKS header stand for.
 *
 * @param suite of the disk, and of each slot's key material
 * @param hash of PBKDF2 and the stripes
 */
record LuksAlgorithms(CipherSuite suite, HashAlgorithm hash) {

  private static BlockException unknown(String message) {
    return new BlockException(Errno.EOPNOTSUPP, message + " not supported");
  }

  /** Those of a LUKS1 header. */
  static LuksAlgorithms of(LuksHeader header) throws BlockException {
    return of(header.cipherName(), header.cipherMode(), header.keyBytes(), header.hashSpec());
  }

  /**
   * Looks the names up, in the order in which the reference does.
   *
   * @param spec mode and initialization vectors: {@code xts-plain64}
   * @param allKeyBytes of all keys that the mode takes
   */
  static LuksAlgorithms of(String cipherName, String spec, long allKeyBytes, String hashName)
      throws BlockException {
    int dash = spec.indexOf('-');
    if (dash < 0) {
      throw new BlockException(Errno.EINVAL, "Unexpected cipher mode string format '" + spec + "'");
    }
    String ivName = spec.substring(dash + 1);
    int colon = ivName.indexOf(':');
    HashAlgorithm ivHash = null;
    if (colon >= 0) {
      ivHash = hash(ivName.substring(colon + 1));
      ivName = ivName.substring(0, colon);
    }
    CipherMode mode = CipherMode.named(spec.substring(0, dash));
    if (mode == null) {
      throw unknown("Cipher mode '" + spec.substring(0, dash) + "'");
    }
    long keyBytes = allKeyBytes / mode.keys();
    CipherAlgorithm cipher = CipherAlgorithm.ofHeader(cipherName, keyBytes);
    if (cipher == null || keyBytes * mode.keys() != allKeyBytes) {
      throw unknown("Algorithm '" + cipherName + "' with key size " + keyBytes + " bytes");
    }
    HashAlgorithm hash = hash(hashName);
    IvAlgorithm iv = IvAlgorithm.named(ivName);
    if (iv == null) {
      throw unknown("IV generator '" + ivName + "'");
    }
    return new LuksAlgorithms(CipherSuite.of(cipher, mode, iv, ivHash), hash);
  }

  /** The hash of that name; EOPNOTSUPP if there is none. */
  static HashAlgorithm hash(String name) throws BlockException {
    @Nullable HashAlgorithm hash = HashAlgorithm.named(name);
    if (hash == null) {
      throw unknown("Hash algorithm '" + name + "'");
    }
    return hash;
  }
}
