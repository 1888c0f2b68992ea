// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Workers;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Makes keys of passphrases, slowly on purpose: PBKDF2 with HMAC.
 *
 * <p>The digests that begin an HMAC with its key are computed once and copied from then on; that
 * halves the work of {@code javax.crypto}'s Mac.
 *
 * @see "RFC 8018, 5.2"
 */
final class Pbkdf2 {
  /** So few that finding another library would take longer. */
  private static final long FEW_ITERATIONS = 10_000;

  private final HashAlgorithm hash;
  private final MessageDigest inner; // has taken in the key
  private final MessageDigest outer;
  private final byte[] sum;

  private Pbkdf2(HashAlgorithm hash, byte[] password) {
    this.hash = hash;
    this.sum = new byte[hash.digestBytes()];
    byte[] key = password.length > hash.blockBytes() ? hash.start().digest(password) : password;
    var padded = new byte[hash.blockBytes()];
    System.arraycopy(key, 0, padded, 0, key.length);
    this.inner = startedWith(padded, (byte) 0x36);
    this.outer = startedWith(padded, (byte) 0x5c);
    Arrays.fill(padded, (byte) 0);
  }

  private MessageDigest startedWith(byte[] key, byte mask) {
    var masked = new byte[key.length];
    for (int i = 0; i < key.length; i++) {
      masked[i] = (byte) (key[i] ^ mask);
    }
    MessageDigest digest = hash.start();
    digest.update(masked);
    Arrays.fill(masked, (byte) 0);
    return digest;
  }

  /**
   * A key of {@code keyBytes}.
   *
   * @param iterations 1 to 2^32 - 1
   */
  static byte[] derive(
      HashAlgorithm hash, byte[] password, byte[] salt, long iterations, int keyBytes)
      throws BlockException {
    var key = new byte[keyBytes];
    if (iterations > FEW_ITERATIONS && OpenSsl.derive(hash, password, salt, iterations, key)) {
      return key;
    }
    deriveHere(hash, password, salt, iterations, key);
    return key;
  }

  /** As {@link #derive}, by the JDK's and Bouncy Castle's digests. */
  static void deriveHere(
      HashAlgorithm hash, byte[] password, byte[] salt, long iterations, byte[] key)
      throws BlockException {
    int keyBytes = key.length;
    int size = hash.digestBytes();
    int blocks = (keyBytes + size - 1) / size;
    int threads = Math.min(blocks, Runtime.getRuntime().availableProcessors());
    var next = new AtomicInteger();
    // Each of the key's blocks costs as much as all others: they need not wait for one another.
    Workers.run(
        "key",
        threads,
        all -> {
          for (int i = next.getAndIncrement(); i < blocks; i = next.getAndIncrement()) {
            deriveBlock(hash, password, salt, iterations, i, key);
          }
        });
  }

  private static void deriveBlock(
      HashAlgorithm hash, byte[] password, byte[] salt, long iterations, int index, byte[] key) {
    byte[] block = new Pbkdf2(hash, password).block(salt, iterations, index + 1);
    int at = index * block.length;
    System.arraycopy(block, 0, key, at, Math.min(block.length, key.length - at));
    Arrays.fill(block, (byte) 0);
  }

  private byte[] block(byte[] salt, long iterations, int number) {
    byte[] first = Arrays.copyOf(salt, salt.length + 4);
    first[salt.length] = (byte) (number >>> 24);
    first[salt.length + 1] = (byte) (number >>> 16);
    first[salt.length + 2] = (byte) (number >>> 8);
    first[salt.length + 3] = (byte) number;
    authenticate(first);
    byte[] block = sum.clone();
    for (long i = 1; i < iterations; i++) {
      authenticate(sum);
      for (int at = 0; at < block.length; at++) {
        block[at] ^= sum[at];
      }
    }
    Arrays.fill(sum, (byte) 0);
    return block;
  }

  /** Puts the HMAC of {@code message} into {@link #sum}. */
  private void authenticate(byte[] message) {
    try {
      var digest = (MessageDigest) inner.clone();
      digest.update(message);
      digest.digest(sum, 0, sum.length);
      digest = (MessageDigest) outer.clone();
      digest.update(sum);
      digest.digest(sum, 0, sum.length);
    } catch (CloneNotSupportedException | DigestException e) {
      throw new IllegalStateException(e); // all of HashAlgorithm can be copied
    }
  }

  /**
   * How many iterations a second this machine does for a key of that size.
   *
   * @param nanoTime the clock that is asked
   */
  static long iterationsPerSecond(HashAlgorithm hash, int keyBytes, LongSupplier nanoTime)
      throws BlockException {
    var password = new byte[20];
    var salt = new byte[32];
    derive(hash, password, salt, 1 << 14, keyBytes); // lets the compiler see it
    for (long iterations = 1 << 15; ; iterations *= 2) {
      long start = nanoTime.getAsLong();
      derive(hash, password, salt, iterations, keyBytes);
      long nanos = nanoTime.getAsLong() - start;
      if (nanos >= 100_000_000 || iterations >= 1L << 26) {
        return (long) (iterations * 1e9 / Math.max(1, nanos));
      }
    }
  }
}
