// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.impl.TlsAEADCipherImpl;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's ChaCha20 with Poly1305, one direction of a connection. Bouncy Castle asks for the two
 * apart, which the JDK does not offer.
 *
 * @see "RFC 8439, section 2.8"
 */
final class ChaCha20Poly1305 implements TlsAEADCipherImpl {
  static final int KEY_SIZE = 32;
  static final int TAG_SIZE = 16;

  private final Cipher cipher;
  private final boolean encrypts;
  private @Nullable SecretKey key;

  ChaCha20Poly1305(boolean encrypts) throws GeneralSecurityException {
    this.cipher = Cipher.getInstance("ChaCha20-Poly1305");
    this.encrypts = encrypts;
  }

  @Override
  public void setKey(byte[] bytes, int offset, int length) {
    key = new SecretKeySpec(bytes, offset, length, "ChaCha20");
  }

  /** The JDK refuses a nonce that it has seen with the key, which no sequence number gives. */
  @Override
  public void init(byte[] nonce, int tagSize) throws IOException {
    try {
      int mode = encrypts ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE;
      cipher.init(mode, key, new IvParameterSpec(nonce));
    } catch (GeneralSecurityException e) {
      throw new TlsFatalAlert(AlertDescription.internal_error, e);
    }
  }

  @Override
  public int getOutputSize(int inputLength) {
    return encrypts ? inputLength + TAG_SIZE : Math.max(0, inputLength - TAG_SIZE);
  }

  @Override
  public int doFinal(
      byte[] header, byte[] input, int inputOffset, int length, byte[] output, int outputOffset)
      throws IOException {
    try {
      cipher.updateAAD(header);
      return cipher.doFinal(input, inputOffset, length, output, outputOffset);
    } catch (GeneralSecurityException e) {
      throw new TlsFatalAlert(
          encrypts ? AlertDescription.internal_error : AlertDescription.bad_record_mac, e);
    }
  }
}
