// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Signature;
import javax.crypto.Cipher;
import javax.crypto.NoSuchPaddingException;
import org.bouncycastle.jcajce.util.DefaultJcaJceHelper;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;

/** What the protocol computes with: the JDK's algorithms, and Bouncy Castle's where it has none. */
final class Crypto extends JcaTlsCrypto {
  Crypto() {
    this(new SecureRandom());
  }

  private Crypto(SecureRandom random) {
    super(new JdkFirst(), random, random);
  }

  /** Made when the JDK lacks something for the first time. */
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
