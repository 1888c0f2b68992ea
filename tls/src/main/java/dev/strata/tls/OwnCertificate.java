// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.tls.X509Credentials;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.SignatureScheme;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaDefaultTlsCredentialedSigner;
import org.jspecify.annotations.Nullable;

/** Certificates between what they are in files and what they are in the protocol. */
final class OwnCertificate {
  private OwnCertificate() {}

  /**
   * Our own certificate, and what signs with its key by the first algorithm that both ends have.
   *
   * @param accepted by the other end, {@link SignatureAndHashAlgorithm}s
   * @return null if there is none
   */
  static @Nullable TlsCredentialedSigner signer(
      X509Credentials credentials, TlsContext context, Crypto crypto, @Nullable Vector<?> accepted)
      throws IOException {
    PrivateKey key = credentials.key();
    if (key == null) {
      return null;
    }
    boolean newer = TlsUtils.isTLSv13(context);
    SignatureAndHashAlgorithm algorithm = choose(credentials.chain().getFirst(), accepted, newer);
    return new JcaDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context),
        crypto,
        key,
        encode(credentials.chain(), crypto, newer),
        algorithm);
  }

  private static SignatureAndHashAlgorithm choose(
      X509Certificate certificate, @Nullable Vector<?> accepted, boolean newer)
      throws TlsFatalAlert {
    if (accepted != null) {
      for (Object each : accepted) {
        if (each instanceof SignatureAndHashAlgorithm algorithm
            && fits(certificate, SignatureScheme.from(algorithm), newer)) {
          return algorithm;
        }
      }
    }
    throw new TlsFatalAlert(AlertDescription.handshake_failure, "no signature both ends know");
  }

  private static boolean fits(X509Certificate certificate, int scheme, boolean newer) {
    String kind = certificate.getPublicKey().getAlgorithm();
    return switch (scheme) {
      case SignatureScheme.rsa_pss_rsae_sha256,
          SignatureScheme.rsa_pss_rsae_sha384,
          SignatureScheme.rsa_pss_rsae_sha512 ->
          kind.equals("RSA");
      case SignatureScheme.rsa_pkcs1_sha256,
          SignatureScheme.rsa_pkcs1_sha384,
          SignatureScheme.rsa_pkcs1_sha512 ->
          kind.equals("RSA") && !newer;
      case SignatureScheme.ecdsa_secp256r1_sha256 ->
          kind.equals("EC") && (!newer || bits(certificate) == 256);
      case SignatureScheme.ecdsa_secp384r1_sha384 ->
          kind.equals("EC") && (!newer || bits(certificate) == 384);
      case SignatureScheme.ecdsa_secp521r1_sha512 ->
          kind.equals("EC") && (!newer || bits(certificate) == 521);
      case SignatureScheme.ed25519 -> isEdwards(certificate, 255);
      case SignatureScheme.ed448 -> isEdwards(certificate, 448);
      default -> false;
    };
  }

  private static int bits(X509Certificate certificate) {
    return certificate.getPublicKey() instanceof java.security.interfaces.ECPublicKey key
        ? key.getParams().getCurve().getField().getFieldSize()
        : 0;
  }

  private static boolean isEdwards(X509Certificate certificate, int bits) {
    return certificate.getPublicKey() instanceof java.security.interfaces.EdECPublicKey key
        && key.getParams().getName().equals(bits == 255 ? "Ed25519" : "Ed448");
  }

  private static Certificate encode(List<X509Certificate> chain, Crypto crypto, boolean newer)
      throws IOException {
    var certificates = new TlsCertificate[chain.size()];
    var entries = new CertificateEntry[chain.size()];
    for (int i = 0; i < certificates.length; i++) {
      try {
        certificates[i] = crypto.createCertificate(chain.get(i).getEncoded());
      } catch (CertificateException e) {
        throw new TlsFatalAlert(AlertDescription.internal_error, e);
      }
      entries[i] = new CertificateEntry(certificates[i], null);
    }
    return newer ? new Certificate(TlsUtils.EMPTY_BYTES, entries) : new Certificate(certificates);
  }

  /** What the other end has shown; empty if nothing. */
  static List<X509Certificate> decode(@Nullable Certificate shown) throws IOException {
    var chain = new ArrayList<X509Certificate>();
    if (shown != null) {
      try {
        var factory = CertificateFactory.getInstance("X.509");
        for (TlsCertificate each : shown.getCertificateList()) {
          chain.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(each.getEncoded())));
        }
      } catch (CertificateException e) {
        throw new TlsFatalAlert(AlertDescription.bad_certificate, e);
      }
    }
    return chain;
  }

  /** Whether a key of that kind signs for a suite of TLS 1.2 that names the signature. */
  static boolean signs(X509Credentials credentials, short signatureAlgorithm) {
    if (credentials.chain().isEmpty()) {
      return false;
    }
    String kind = credentials.chain().getFirst().getPublicKey().getAlgorithm();
    return signatureAlgorithm == SignatureAlgorithm.rsa
        ? kind.equals("RSA")
        : kind.equals("EC") || kind.startsWith("Ed");
  }
}
