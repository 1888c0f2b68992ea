// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Private keys in PEM files: in the form of PKCS #8, encrypted or not, and in the older ones of
 * PKCS #1 and SEC 1, which are taken into it.
 */
final class PrivateKeys {
  // AlgorithmIdentifiers in DER: rsaEncryption with NULL; the start of id-ecPublicKey, to be
  // followed by the curve.
  private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
  private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int CURVE = 0xa0; // of SEC 1's ECPrivateKey, [0]
  private static final byte[] VERSION_0 = {2, 1, 0};

  private PrivateKeys() {}

  /**
   * The key that goes with a certificate.
   *
   * @param password of an encrypted key, or null
   * @return null if the file has none
   * @throws GeneralSecurityException if it cannot be read
   */
  static @Nullable PrivateKey read(PemBlock block, PublicKey publicKey, char @Nullable [] password)
      throws GeneralSecurityException {
    byte[] encoded;
    switch (block.label()) {
      case "PRIVATE KEY" -> encoded = block.content();
      case "RSA PRIVATE KEY" -> encoded = pkcs8(RSA, block.content());
      case "EC PRIVATE KEY" -> encoded = pkcs8(ecAlgorithm(block.content()), block.content());
      case "ENCRYPTED PRIVATE KEY" -> encoded = decrypt(block.content(), password);
      default -> {
        return null;
      }
    }
    String algorithm = publicKey.getAlgorithm();
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
  }

  /** Whether the two belong together: what one signs the other finds right. */
  static boolean match(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
    String algorithm =
        switch (publicKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "RSASSA-PSS" -> "RSASSA-PSS";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
          default -> throw new InvalidKeyException("keys of " + publicKey.getAlgorithm());
        };
    byte[] text = {1, 2, 3};
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(text);
    byte[] signature = signing.sign();
    Signature checking = Signature.getInstance(algorithm);
    checking.initVerify(publicKey);
    checking.update(text);
    try {
      return checking.verify(signature);
    } catch (SignatureException e) {
      return false; // of another length
    }
  }

  private static byte[] decrypt(byte[] content, char @Nullable [] password)
      throws GeneralSecurityException {
    EncryptedPrivateKeyInfo info;
    try {
      info = new EncryptedPrivateKeyInfo(content);
    } catch (IOException e) {
      throw new InvalidKeyException(e);
    }
    // There are keys that are encrypted with an empty one.
    var spec = new PBEKeySpec(password == null ? new char[0] : password);
    try {
      // The name of the scheme of PKCS #5 v2.1 is among its parameters.
      String algorithm =
          info.getAlgName().equals("PBES2")
              ? String.valueOf(info.getAlgParameters())
              : info.getAlgName();
      Cipher cipher = Cipher.getInstance(algorithm);
      cipher.init(
          Cipher.DECRYPT_MODE,
          SecretKeyFactory.getInstance(algorithm).generateSecret(spec),
          info.getAlgParameters());
      return info.getKeySpec(cipher).getEncoded();
    } catch (InvalidKeySpecException e) {
      throw new InvalidKeyException(e); // the password is another one
    } finally {
      spec.clearPassword();
    }
  }

  private static byte[] pkcs8(byte[] algorithm, byte[] key) {
    return der(SEQUENCE, join(VERSION_0, algorithm, der(OCTET_STRING, key)));
  }

  /** From the curve that an ECPrivateKey names: version, key, [0] curve, [1] public key. */
  private static byte[] ecAlgorithm(byte[] key) throws InvalidKeyException {
    int at = content(key, 0); // of the sequence
    at = end(key, at); // version
    at = end(key, at); // the number
    if (at >= key.length || (key[at] & 0xff) != CURVE) {
      throw new InvalidKeyException("a key without its curve");
    }
    return der(SEQUENCE, join(EC, Arrays.copyOfRange(key, content(key, at), end(key, at))));
  }

  /** Where the content of the element at {@code at} starts. */
  private static int content(byte[] der, int at) throws InvalidKeyException {
    if (at + 2 > der.length) {
      throw new InvalidKeyException("a key that ends early");
    }
    int length = der[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  /** Where the element at {@code at} ends. */
  private static int end(byte[] der, int at) throws InvalidKeyException {
    int content = content(der, at);
    int length = der[at + 1] & 0xff;
    if (length >= 0x80) {
      int bytes = length & 0x7f;
      if (bytes > 2 || content > der.length) {
        throw new InvalidKeyException("a key that is too long");
      }
      length = 0;
      for (int i = 0; i < bytes; i++) {
        length = (length << 8) | (der[at + 2 + i] & 0xff);
      }
    }
    if (length > der.length - content) {
      throw new InvalidKeyException("a key that ends early");
    }
    return content + length;
  }

  private static byte[] der(int tag, byte[] content) {
    var out = new ByteArrayOutputStream(content.length + 4);
    out.write(tag);
    if (content.length < 0x80) {
      out.write(content.length);
    } else if (content.length < 0x100) {
      out.write(0x81);
      out.write(content.length);
    } else {
      out.write(0x83);
      out.write(content.length >> 16);
      out.write(content.length >> 8);
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
