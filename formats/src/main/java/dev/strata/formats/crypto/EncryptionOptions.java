// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/** The options {@code encrypt.*} of formats whose images may be encrypted. */
public final class EncryptionOptions {
  /** The option that names the secret with the passphrase. */
  public static final String KEY_SECRET = "encrypt.key-secret";

  private EncryptionOptions() {}

  /**
   * What a new image is to be encrypted with, as {@code encrypt.format} or its old alias {@code
   * encryption} says; null if with nothing.
   *
   * @param encryption the alias, null if it is not given
   * @param encrypt the section, from which it takes {@code format}
   */
  public static @Nullable String creationFormat(@Nullable Boolean encryption, BlockOptions encrypt)
      throws BlockException {
    String format = encrypt.takeString("format");
    if (Boolean.TRUE.equals(encryption)) {
      if (format != null) {
        throw wrong("'encrypt.format' and its alias 'encryption' can't be used at the same time");
      }
      return "aes";
    }
    if (format == null && !encrypt.isEmpty()) {
      throw wrong("Parameter 'encrypt.format' is missing");
    }
    return format;
  }

  /**
   * Takes the secret's id from what is said of how to open an image, and throws if that is not what
   * its header says.
   *
   * @param found the format by the header, null if the image is not encrypted
   * @param encrypt the section, all of which it takes
   * @return null if no secret is named, or none is needed
   */
  public static @Nullable String takeKeySecret(@Nullable String found, BlockOptions encrypt)
      throws BlockException {
    String format = encrypt.takeString("format");
    if (found == null) {
      if (format != null) {
        throw wrong("No encryption in image header, but options specified format '" + format + "'");
      }
      return null;
    }
    if (format != null && !format.equals(found)) {
      throw wrong(
          "Header reported '" + found + "' encryption format but options specify '" + format + "'");
    }
    String secret = encrypt.takeString("key-secret");
    for (String name : encrypt.names()) {
      throw wrong("Parameter '" + name + "' is unexpected");
    }
    return secret;
  }

  private static BlockException wrong(String message) {
    return new BlockException(EINVAL, message);
  }
}
