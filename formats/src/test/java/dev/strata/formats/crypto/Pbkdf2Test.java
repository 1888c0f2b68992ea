// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.BlockException;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.MD5Digest;
import org.bouncycastle.crypto.digests.RIPEMD160Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA224Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

final class Pbkdf2Test {
  private static String derived(HashAlgorithm hash, String salt, long iterations, int bytes)
      throws BlockException {
    return HexFormat.of()
        .formatHex(
            Pbkdf2.derive(
                hash, "password".getBytes(US_ASCII), salt.getBytes(US_ASCII), iterations, bytes));
  }

  @Test
  void keysAreThoseOfRfc6070() throws BlockException {
    assertEquals(
        "0c60c80f961f0e71f3a9b524af6012062fe037a6", derived(HashAlgorithm.SHA1, "salt", 1, 20));
    assertEquals(
        "4b007901b765489abead49d926f721d065a429c1", derived(HashAlgorithm.SHA1, "salt", 4096, 20));
  }

  private static Digest digest(HashAlgorithm hash) {
    return switch (hash) {
      case MD5 -> new MD5Digest();
      case SHA1 -> new SHA1Digest();
      case SHA224 -> new SHA224Digest();
      case SHA256 -> new SHA256Digest();
      case SHA384 -> new SHA384Digest();
      case SHA512 -> new SHA512Digest();
      case RIPEMD160 -> new RIPEMD160Digest();
    };
  }

  @Test
  void keysOfSeveralBlocksAreAsAnotherProgramMakesThem() throws BlockException {
    for (HashAlgorithm hash : HashAlgorithm.values()) {
      for (int passwordBytes : new int[] {0, 1, 64, 65, 128, 129, 1000}) {
        var password = new byte[passwordBytes];
        Arrays.fill(password, (byte) 'x');
        byte[] salt = "some salt".getBytes(US_ASCII);
        var generator = new PKCS5S2ParametersGenerator(digest(hash));
        generator.init(password, salt, 17);
        byte[] expected = ((KeyParameter) generator.generateDerivedMacParameters(8 * 150)).getKey();
        assertArrayEquals(expected, Pbkdf2.derive(hash, password, salt, 17, 150), hash.word());
        var byOpenSsl = new byte[150];
        if (OpenSsl.derive(hash, password, salt, 17, byOpenSsl)) {
          assertArrayEquals(expected, byOpenSsl, hash.word());
        }
      }
    }
  }
}
