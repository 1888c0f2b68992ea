// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.tls.CertificateName;
import dev.strata.block.tls.PskCredentials;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.X509Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Vector;
import java.util.function.Predicate;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.tls.AbstractTlsServer;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.KeyExchangeAlgorithm;
import org.bouncycastle.tls.PRFAlgorithm;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.PskIdentity;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsPSKIdentityManager;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;

/** What a server says and asks in a handshake. */
final class ServerPeer extends AbstractTlsServer {
  private final Crypto crypto;
  private final TlsCredentials credentials;
  private final @Nullable Predicate<String> authorization;

  /** Why we ended the handshake, if we did. */
  @Nullable BlockException refusal;

  ServerPeer(Crypto crypto, TlsCredentials credentials, @Nullable Predicate<String> authorization) {
    super(crypto);
    this.crypto = crypto;
    this.credentials = credentials;
    this.authorization = authorization;
  }

  @Override
  protected ProtocolVersion[] getSupportedVersions() {
    return CipherSuites.versions(credentials.priority(), ClientPeer.allowsTls13(credentials));
  }

  @Override
  protected int[] getSupportedCipherSuites() {
    return TlsUtils.getSupportedCipherSuites(
        crypto,
        CipherSuites.of(
            credentials.priority(),
            ClientPeer.exchanges(credentials),
            ClientPeer.allowsTls13(credentials)));
  }

  @Override
  protected boolean preferLocalCipherSuites() {
    return true;
  }

  /** Suites of TLS 1.2 name the kind of the certificate. */
  @Override
  protected boolean selectCipherSuite(int suite) throws IOException {
    if (credentials instanceof X509Credentials x509) {
      boolean fits =
          switch (TlsUtils.getKeyExchangeAlgorithm(suite)) {
            case KeyExchangeAlgorithm.ECDHE_RSA, KeyExchangeAlgorithm.DHE_RSA ->
                OwnCertificate.signs(x509, SignatureAlgorithm.rsa);
            case KeyExchangeAlgorithm.ECDHE_ECDSA ->
                OwnCertificate.signs(x509, SignatureAlgorithm.ecdsa);
            default -> true;
          };
      if (!fits) {
        return false;
      }
    }
    return super.selectCipherSuite(suite);
  }

  @Override
  public org.bouncycastle.tls.@Nullable TlsCredentials getCredentials() throws IOException {
    return credentials instanceof X509Credentials x509
        ? OwnCertificate.signer(
            x509, context, crypto, context.getSecurityParametersHandshake().getClientSigAlgs())
        : null;
  }

  // Certificates of clients

  @Override
  public @Nullable CertificateRequest getCertificateRequest() throws IOException {
    if (!(credentials instanceof X509Credentials x509) || !x509.verifiesPeer()) {
      return null;
    }
    Vector<?> signatures = TlsUtils.getDefaultSupportedSignatureAlgorithms(context);
    var names = new Vector<X500Name>();
    for (X509Certificate authority : x509.authorities()) {
      names.add(X500Name.getInstance(authority.getSubjectX500Principal().getEncoded()));
    }
    return TlsUtils.isTLSv13(context)
        ? new CertificateRequest(TlsUtils.EMPTY_BYTES, signatures, null, names)
        : new CertificateRequest(
            new short[] {ClientCertificateType.rsa_sign, ClientCertificateType.ecdsa_sign},
            signatures,
            names);
  }

  @Override
  public void notifyClientCertificate(Certificate shown) throws IOException {
    if (!(credentials instanceof X509Credentials x509)) {
      throw new TlsFatalAlert(AlertDescription.internal_error);
    }
    try {
      List<X509Certificate> chain = OwnCertificate.decode(shown);
      x509.checkPeer(chain, null);
      String name = CertificateName.distinguishedName(chain.getFirst());
      if (authorization != null && !authorization.test(name)) {
        throw new BlockException(Errno.EPERM, "TLS x509 authz check for " + name + " is denied");
      }
    } catch (BlockException e) {
      refusal = e;
      throw new TlsFatalAlert(
          shown.isEmpty() && TlsUtils.isTLSv13(context)
              ? AlertDescription.certificate_required
              : AlertDescription.access_denied,
          e);
    }
  }

  // Keys that both ends know

  private byte @Nullable [] key(byte[] identity) {
    if (!(credentials instanceof PskCredentials psk)) {
      return null;
    }
    try {
      return psk.key(new String(identity, StandardCharsets.UTF_8));
    } catch (BlockException e) {
      refusal = e;
      return null;
    }
  }

  @Override
  public @Nullable TlsPSKIdentityManager getPSKIdentityManager() {
    if (!(credentials instanceof PskCredentials)) {
      return null;
    }
    return new TlsPSKIdentityManager() {
      @Override
      public byte @Nullable [] getHint() {
        return null;
      }

      @Override
      public byte @Nullable [] getPSK(byte[] identity) {
        return key(identity);
      }
    };
  }

  @Override
  @SuppressWarnings("rawtypes") // as the library has it
  public @Nullable TlsPSKExternal getExternalPSK(Vector identities) {
    for (Object each : identities) {
      if (each instanceof PskIdentity offered) {
        byte[] key = key(offered.getIdentity());
        if (key != null) {
          return new BasicTlsPSKExternal(
              offered.getIdentity(), crypto.createSecret(key), PRFAlgorithm.tls13_hkdf_sha256);
        }
      }
    }
    return null;
  }
}
