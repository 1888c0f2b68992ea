// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * {@code secret}: a password or key, given as it is ({@code data}) or in a file, as text or in
 * base64, and perhaps encrypted by AES-256 in CBC mode with another secret.
 *
 * @see "QEMU's QAPI schema, SecretProperties"
 */
final class SecretType implements ObjectType {
  private static final int MAX_FILE_BYTES = 16 << 20;
  private static final int KEY_BYTES = 32;
  private static final int BLOCK_BYTES = 16;

  @Override
  public String name() {
    return "secret";
  }

  @Override
  public boolean loads() {
    return true;
  }

  @Override
  public List<Property> properties() {
    return List.of(
        Property.string("data"),
        Property.string("file"),
        Property.word("format", "QCryptoSecretFormat", "raw"),
        Property.string("iv"),
        Property.string("keyid"));
  }

  @Override
  public Secret create(ObjectProperties properties, ObjectRegistry others) throws BlockException {
    boolean base64 = "base64".equals(properties.word("format", "raw", "base64"));
    String key = properties.string("keyid");
    String vector = properties.string("iv");
    String data = properties.string("data");
    String file = properties.string("file");
    properties.rejectUnknown();
    byte[] bytes = load(data, file);
    if (base64) {
      bytes = decode(bytes);
    }
    if (key != null) {
      bytes = decrypt(bytes, others.secret(key), vector);
    }
    return new Secret(bytes);
  }

  private static byte[] load(@Nullable String data, @Nullable String file) throws BlockException {
    if (data != null && file != null) {
      throw new BlockException(EINVAL, "'file' and 'data' are mutually exclusive");
    }
    if (data != null) {
      return data.getBytes(StandardCharsets.UTF_8);
    }
    if (file == null) {
      throw new BlockException(EINVAL, "Either 'file' or 'data' must be provided");
    }
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) {
        throw new BlockException(
            Errno.EFBIG, "Unable to read " + file + ": A secret has at most 16 MiB");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw unreadable(file, "Failed to open file “" + file + "”: " + Errno.ENOENT.text(), e);
    } catch (AccessDeniedException e) {
      throw unreadable(file, "Failed to open file “" + file + "”: " + Errno.EACCES.text(), e);
    } catch (BlockException e) {
      throw e;
    } catch (IOException | InvalidPathException e) {
      throw unreadable(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static BlockException unreadable(String file, String why, Exception cause) {
    return new BlockException(EINVAL, "Unable to read " + file + ": " + why).causedBy(cause);
  }

  /** Newlines between the characters mean nothing. */
  private static byte[] decode(byte[] text) throws BlockException {
    byte[] characters = new byte[text.length];
    int length = 0;
    boolean ended = false;
    for (byte each : text) {
      boolean letter =
          (each >= 'A' && each <= 'Z')
              || (each >= 'a' && each <= 'z')
              || (each >= '0' && each <= '9')
              || each == '+'
              || each == '/';
      if (each == '\n') {
        continue;
      }
      if (each != '=' && (!letter || ended)) {
        throw new BlockException(EINVAL, "Base64 data contains invalid characters");
      }
      ended = each == '=';
      characters[length++] = each;
    }
    try {
      return Base64.getDecoder().decode(Arrays.copyOf(characters, length - length % 4));
    } catch (IllegalArgumentException e) {
      throw new BlockException(EINVAL, "Base64 data contains invalid characters").causedBy(e);
    } finally {
      Arrays.fill(characters, (byte) 0);
    }
  }

  private static byte[] decrypt(byte[] encrypted, Secret keySecret, @Nullable String vector)
      throws BlockException {
    byte[] key = keySecret.bytes();
    try {
      if (key.length != KEY_BYTES) {
        throw new BlockException(EINVAL, "Key should be " + KEY_BYTES + " bytes in length");
      }
      if (vector == null) {
        throw new BlockException(EINVAL, "IV is required to decrypt secret");
      }
      byte[] iv = decode(vector.getBytes(StandardCharsets.UTF_8));
      if (iv.length != BLOCK_BYTES) {
        throw new BlockException(
            EINVAL, "IV should be " + BLOCK_BYTES + " bytes in length not " + iv.length);
      }
      if (encrypted.length % BLOCK_BYTES != 0) {
        throw new BlockException(
            EINVAL,
            "Length " + encrypted.length + " must be a multiple of block size " + BLOCK_BYTES);
      }
      Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
      cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
      return withoutPadding(cipher.doFinal(encrypted));
    } catch (GeneralSecurityException e) {
      throw new BlockException(EINVAL, "Unable to decrypt the secret: " + e.getMessage())
          .causedBy(e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** The last byte says how many bytes the padding has, as in PKCS #7. */
  private static byte[] withoutPadding(byte[] padded) throws BlockException {
    int padding = padded.length == 0 ? 0 : padded[padded.length - 1] & 0xFF;
    if (padding == 0 || padding > Math.min(BLOCK_BYTES, padded.length)) {
      Arrays.fill(padded, (byte) 0);
      throw new BlockException(
          EINVAL, "Incorrect number of padding bytes (" + padding + ") found on decrypted data");
    }
    byte[] bytes = Arrays.copyOf(padded, padded.length - padding);
    Arrays.fill(padded, (byte) 0);
    return bytes;
  }
}
