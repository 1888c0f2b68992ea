// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;

/**
 * How a LUKS2 key slot makes a key of a passphrase.
 *
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3.2.3"
 */
sealed interface KeyDerivation {
  int MAX_SALT = 1 << 10;

  /** Cryptsetup takes half of that, a gigabyte, unless it is told to take more. */
  int MAX_KIBIBYTES = 2 << 20;

  /** PBKDF2. */
  record Iterated(HashAlgorithm hash, int iterations, byte[] salt) implements KeyDerivation {}

  /** Argon2. */
  record MemoryHard(Argon2 argon2, byte[] salt) implements KeyDerivation {}

  /** As the object {@code kdf} of a slot says. */
  static KeyDerivation decode(Luks2Object kdf) throws BlockException {
    byte[] salt = kdf.bytes("salt", 1, MAX_SALT);
    String type = kdf.string("type");
    return switch (type) {
      case "pbkdf2" ->
          new Iterated(kdf.hash("hash"), kdf.number("iterations", 1, Integer.MAX_VALUE), salt);
      case "argon2i" -> new MemoryHard(argon2(Argon2.Variant.I, kdf), salt);
      case "argon2id" -> new MemoryHard(argon2(Argon2.Variant.ID, kdf), salt);
      default ->
          throw new BlockException(
              Errno.EOPNOTSUPP, "Key derivation '" + type + "' is not supported");
    };
  }

  private static Argon2 argon2(Argon2.Variant variant, Luks2Object kdf) throws BlockException {
    int passes = kdf.number("time", 1, Integer.MAX_VALUE);
    int lanes = kdf.number("cpus", 1, 255);
    return new Argon2(variant, passes, kdf.number("memory", 8 * lanes, MAX_KIBIBYTES), lanes);
  }

  /**
   * How long a key of that size takes: a unit is an iteration of PBKDF2 for one hash, or a kibibyte
   * of memory filled once, either of which takes about a microsecond.
   */
  default double work(int keyBytes) {
    return switch (this) {
      case Iterated way -> (double) way.iterations * Math.ceilDiv(keyBytes, way.hash.digestBytes());
      case MemoryHard way -> (double) way.argon2.passes() * way.argon2.kibibytes();
    };
  }

  /**
   * The key.
   *
   * @throws BlockException ENOMEM if there is not as much memory as it takes
   */
  default byte[] derive(byte[] password, int keyBytes) throws BlockException {
    return switch (this) {
      case Iterated way -> Pbkdf2.derive(way.hash, password, way.salt, way.iterations, keyBytes);
      case MemoryHard way -> {
        try {
          yield way.argon2.derive(password, way.salt, keyBytes);
        } catch (OutOfMemoryError e) {
          throw new BlockException(
              Errno.ENOMEM,
              "Key derivation takes "
                  + (way.argon2.kibibytes() >> 10)
                  + " MiB of memory, which "
                  + "there is not");
        }
      }
    };
  }

  /** Adds what is told of it to what is told of its slot. */
  default void describe(JsonObject slot) {
    switch (this) {
      case Iterated way -> slot.put("kdf", "pbkdf2").put("iters", way.iterations);
      case MemoryHard way ->
          slot.put("kdf", way.argon2.variant() == Argon2.Variant.I ? "argon2i" : "argon2id")
              .put("time", way.argon2.passes())
              .put("memory", way.argon2.kibibytes())
              .put("cpus", way.argon2.lanes());
    }
  }
}
