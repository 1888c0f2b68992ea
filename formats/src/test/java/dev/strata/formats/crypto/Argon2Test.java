// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.strata.block.BlockException;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beside Bouncy Castle's. */
final class Argon2Test {
  private static final byte[] PASSWORD = "password".getBytes(UTF_8);
  private static final byte[] SALT = "somesaltsomesalt".getBytes(UTF_8);

  @ParameterizedTest
  @CsvSource({
    "I, 1, 8, 1, 32",
    "I, 3, 64, 3, 64",
    "I, 2, 5001, 2, 16",
    "ID, 1, 8, 1, 65",
    "ID, 1, 1000, 4, 64",
    "ID, 4, 77, 1, 128",
    "ID, 5, 2048, 255, 100",
    "ID, 2, 8192, 1, 4"
  })
  void keysAreTheSame(Argon2.Variant variant, int passes, int kibibytes, int lanes, int keyBytes)
      throws BlockException {
    var peer = new Argon2BytesGenerator();
    int type = variant == Argon2.Variant.I ? Argon2Parameters.ARGON2_i : Argon2Parameters.ARGON2_id;
    peer.init(
        new Argon2Parameters.Builder(type)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withIterations(passes)
            .withMemoryAsKB(kibibytes)
            .withParallelism(lanes)
            .withSalt(SALT)
            .build());
    var expected = new byte[keyBytes];
    peer.generateBytes(PASSWORD, expected);
    assertArrayEquals(
        expected, new Argon2(variant, passes, kibibytes, lanes).derive(PASSWORD, SALT, keyBytes));
  }
}
