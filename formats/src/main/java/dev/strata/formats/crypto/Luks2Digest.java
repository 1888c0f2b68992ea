// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.security.MessageDigest;
import java.util.List;

/**
 * By what a key is known to be the right one, for which segments, and from which slots it comes.
 *
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3.4"
 */
record Luks2Digest(
    List<String> keyslots,
    List<String> segments,
    HashAlgorithm hash,
    int iterations,
    byte[] salt,
    byte[] digest) {
  /** As MD5's. What is shorter is no proof. */
  private static final int SHORTEST = 16;

  private static final int LONGEST = 64;

  static Luks2Digest decode(Luks2Object digest) throws BlockException {
    String type = digest.string("type");
    if (!type.equals("pbkdf2")) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "LUKS2 digests of type '" + type + "' are not supported");
    }
    return new Luks2Digest(
        digest.strings("keyslots"),
        digest.strings("segments"),
        digest.hash("hash"),
        digest.number("iterations", 1, Integer.MAX_VALUE),
        digest.bytes("salt", 1, KeyDerivation.MAX_SALT),
        digest.bytes("digest", SHORTEST, LONGEST));
  }

  /** How long {@link #matches} takes, as {@link KeyDerivation#work} has it. */
  double work() {
    return (double) iterations * Math.ceilDiv(digest.length, hash.digestBytes());
  }

  boolean matches(byte[] key) throws BlockException {
    return MessageDigest.isEqual(digest, Pbkdf2.derive(hash, key, salt, iterations, digest.length));
  }
}
