// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.bouncycastle.jcajce.provider.digest.RIPEMD160;
import org.jspecify.annotations.Nullable;

/**
 * A hash, by the name that options and headers have for it.
 *
 * @see "QEMU qapi/crypto.json, QCryptoHashAlgorithm"
 */
public enum HashAlgorithm {
  MD5("md5", "MD5", 16, 64),
  SHA1("sha1", "SHA-1", 20, 64),
  SHA224("sha224", "SHA-224", 28, 64),
  SHA256("sha256", "SHA-256", 32, 64),
  SHA384("sha384", "SHA-384", 48, 128),
  SHA512("sha512", "SHA-512", 64, 128),
  RIPEMD160("ripemd160", "RIPEMD160", 20, 64);

  private final String word;
  private final String standardName;
  private final int digestBytes;
  private final int blockBytes;

  HashAlgorithm(String word, String standardName, int digestBytes, int blockBytes) {
    this.word = word;
    this.standardName = standardName;
    this.digestBytes = digestBytes;
    this.blockBytes = blockBytes;
  }

  /** As options and LUKS headers name it. */
  public String word() {
    return word;
  }

  /** The hash of that name, or null. */
  static @Nullable HashAlgorithm named(String word) {
    for (HashAlgorithm hash : values()) {
      if (hash.word.equals(word)) {
        return hash;
      }
    }
    return null;
  }

  int digestBytes() {
    return digestBytes;
  }

  /** What the hash takes at a time, which HMAC pads its key to. */
  int blockBytes() {
    return blockBytes;
  }

  MessageDigest start() {
    if (this == RIPEMD160) {
      return new RIPEMD160.Digest();
    }
    try {
      return MessageDigest.getInstance(standardName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK of Strata's has it
    }
  }
}
