// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.LuksCreation;
import dev.strata.formats.crypto.Passphrases;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How a new image is to be encrypted.
 *
 * @param luks of the header; null for the old AES
 * @param keySecret the secret with the passphrase; null if none was named
 */
record NewEncryption(@Nullable LuksCreation luks, @Nullable String keySecret) {

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** Takes the options; null if the image is not to be encrypted. */
  static @Nullable NewEncryption take(BlockOptions options) throws BlockException {
    Boolean encryption = options.takeBool(Qcow2Create.ENCRYPTION.name());
    BlockOptions encrypt = options.section("encrypt");
    String format = EncryptionOptions.creationFormat(encryption, encrypt);
    if (format == null) {
      return null;
    }
    switch (format) {
      case "luks" -> {
        LuksCreation luks = LuksCreation.take(encrypt);
        return new NewEncryption(luks, luks.keySecret());
      }
      case "aes" -> {
        String secret = encrypt.takeString("key-secret");
        for (String name : encrypt.names()) {
          throw wrong("Parameter 'encrypt." + name + "' is unexpected");
        }
        return new NewEncryption(null, secret);
      }
      default -> throw wrong("Parameter 'format' does not accept value '" + format + "'");
    }
  }

  int method() {
    return luks == null ? DataEncryption.AES : DataEncryption.LUKS;
  }

  /** The size of the encryption header; 0 if there is none. */
  long headerBytes() throws BlockException {
    return luks == null ? 0 : luks.headerBytes();
  }

  /** Throws if there is no passphrase to be had. */
  void checkPassword(ObjectRegistry objects) throws BlockException {
    Arrays.fill(password(objects), (byte) 0);
  }

  private byte[] password(ObjectRegistry objects) throws BlockException {
    return new Passphrases(objects, EncryptionOptions.KEY_SECRET).required(keySecret);
  }

  /** Writes the encryption header, if there is one. */
  void writeHeader(CryptoHeaderArea area, ObjectRegistry objects) throws BlockException {
    LuksCreation creation = luks;
    if (creation != null) {
      byte[] password = password(objects);
      try {
        creation.write(area, password);
      } finally {
        Arrays.fill(password, (byte) 0);
      }
    }
  }
}
