// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import javax.crypto.Cipher;
import javax.crypto.NoSuchPaddingException;
import org.bouncycastle.jcajce.util.DefaultJcaJceHelper;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.EncryptionAlgorithm;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.Tls13Verifier;
import org.bouncycastle.tls.crypto.TlsCipher;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.TlsStreamSigner;
import org.bouncycastle.tls.crypto.TlsStreamVerifier;
import org.bouncycastle.tls.crypto.impl.TlsAEADCipher;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;

/** What the protocol computes with: the JDK's algorithms, and Bouncy Castle's where it has none. */
final class Crypto extends JcaTlsCrypto {
  Crypto() {
    this(new SecureRandom());
  }

  private Crypto(SecureRandom random) {
    super(new JdkFirst(), random, random);
  }

  /**
   * For SHA-224 the library asks whether a provider of Windows is there; to answer that it is not,
   * the JDK makes one of every provider that it finds, Bouncy Castle's with its thousand classes.
   */
  @Override
  public boolean hasSignatureAndHashAlgorithm(SignatureAndHashAlgorithm algorithm) {
    return algorithm.getHash() == HashAlgorithm.sha224
        ? hasSignatureAlgorithm(algorithm.getSignature())
        : super.hasSignatureAndHashAlgorithm(algorithm);
  }

  /** The JDK's PSS has one name for all digests, of which it learns by the parameters. */
  private static String inJdk(String algorithm) {
    return algorithm.endsWith("WITHRSAANDMGF1") ? "RSASSA-PSS" : algorithm;
  }

  @Override
  protected TlsStreamSigner createStreamSigner(
      String algorithm, AlgorithmParameterSpec parameters, PrivateKey key, boolean needsRandom)
      throws IOException {
    return super.createStreamSigner(inJdk(algorithm), parameters, key, needsRandom);
  }

  @Override
  protected TlsStreamVerifier createStreamVerifier(
      String algorithm, AlgorithmParameterSpec parameters, byte[] signature, PublicKey key)
      throws IOException {
    return super.createStreamVerifier(inJdk(algorithm), parameters, signature, key);
  }

  @Override
  protected Tls13Verifier createTls13Verifier(
      String algorithm, AlgorithmParameterSpec parameters, PublicKey key) throws IOException {
    return super.createTls13Verifier(inJdk(algorithm), parameters, key);
  }

  @Override
  protected Boolean isSupportedEncryptionAlgorithm(int algorithm) {
    return algorithm == EncryptionAlgorithm.CHACHA20_POLY1305
        ? Boolean.TRUE
        : super.isSupportedEncryptionAlgorithm(algorithm);
  }

  @Override
  public TlsCipher createCipher(TlsCryptoParameters parameters, int algorithm, int mac)
      throws IOException {
    if (algorithm != EncryptionAlgorithm.CHACHA20_POLY1305) {
      return super.createCipher(parameters, algorithm, mac);
    }
    try {
      return new TlsAEADCipher(
          parameters,
          new ChaCha20Poly1305(true),
          new ChaCha20Poly1305(false),
          ChaCha20Poly1305.KEY_SIZE,
          ChaCha20Poly1305.TAG_SIZE,
          TlsAEADCipher.AEAD_CHACHA20_POLY1305,
          null); // nonces are counted, as the RFC has it
    } catch (GeneralSecurityException e) {
      throw new TlsFatalAlert(AlertDescription.internal_error, e);
    }
  }

  /** Made when the JDK lacks something for the first time: it takes half a second. */
  private static final class Others {
    static final Provider PROVIDER = new BouncyCastleProvider();
  }

  private static final class JdkFirst extends DefaultJcaJceHelper {
    /** The signature of a digest that the protocol has computed, as TLS 1.2 needs for RSA. */
    @Override
    public Signature createSignature(String algorithm) throws NoSuchAlgorithmException {
      try {
        return super.createSignature(algorithm);
      } catch (NoSuchAlgorithmException e) {
        return Signature.getInstance(algorithm, Others.PROVIDER);
      }
    }

    @Override
    public Cipher createCipher(String algorithm)
        throws NoSuchAlgorithmException, NoSuchPaddingException {
      try {
        return super.createCipher(algorithm);
      } catch (NoSuchAlgorithmException | NoSuchPaddingException e) {
        return Cipher.getInstance(algorithm, Others.PROVIDER);
      }
    }
  }
}
