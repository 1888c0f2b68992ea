// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.BlockException;
import dev.strata.block.tls.AnonymousCredentials;
import dev.strata.block.tls.PskCredentials;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsPriority.Exchange;
import dev.strata.block.tls.X509Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.Vector;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.BasicTlsPSKExternal;
import org.bouncycastle.tls.BasicTlsPSKIdentity;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.PRFAlgorithm;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.ServerName;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsDHGroupVerifier;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsPSKExternal;
import org.bouncycastle.tls.TlsPSKIdentity;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;

/** What a client says and asks in a handshake. */
final class ClientPeer extends AbstractTlsClient {
  /** Of a server's own group; smaller ones have been broken. */
  private static final int SMALLEST_GROUP_BITS = 2048;

  private final Crypto crypto;
  private final TlsCredentials credentials;
  private final @Nullable String hostname;
  private final byte @Nullable [] key; // that both ends know

  /** Why we ended the handshake, if we did. */
  @Nullable BlockException refusal;

  private ClientPeer(
      Crypto crypto, TlsCredentials credentials, @Nullable String hostname, byte @Nullable [] key) {
    super(crypto);
    this.crypto = crypto;
    this.credentials = credentials;
    this.hostname = hostname;
    this.key = key;
  }

  static ClientPeer of(Crypto crypto, TlsCredentials credentials, @Nullable String hostname)
      throws BlockException {
    byte[] key = credentials instanceof PskCredentials psk ? psk.key() : null;
    return new ClientPeer(crypto, credentials, hostname, key);
  }

  /** How keys are agreed upon with such credentials. */
  static Set<Exchange> exchanges(TlsCredentials credentials) {
    return switch (credentials) {
      case X509Credentials _ ->
          EnumSet.of(Exchange.ECDHE_RSA, Exchange.ECDHE_ECDSA, Exchange.DHE_RSA);
      case PskCredentials _ -> EnumSet.of(Exchange.ECDHE_PSK, Exchange.DHE_PSK, Exchange.PSK);
      case AnonymousCredentials _ -> EnumSet.of(Exchange.ANON_DH);
    };
  }

  /** TLS 1.3 has no anonymous servers. */
  static boolean allowsTls13(TlsCredentials credentials) {
    return !(credentials instanceof AnonymousCredentials);
  }

  @Override
  protected ProtocolVersion[] getSupportedVersions() {
    return CipherSuites.versions(credentials.priority(), allowsTls13(credentials));
  }

  @Override
  protected int[] getSupportedCipherSuites() {
    return TlsUtils.getSupportedCipherSuites(
        crypto,
        CipherSuites.of(credentials.priority(), exchanges(credentials), allowsTls13(credentials)));
  }

  @Override
  protected @Nullable Vector<ServerName> getSNIServerNames() {
    String name = hostname;
    if (name == null || !(credentials instanceof X509Credentials) || !isName(name)) {
      return null;
    }
    var names = new Vector<ServerName>();
    names.add(new ServerName((short) 0, name.getBytes(StandardCharsets.US_ASCII)));
    return names;
  }

  /** Addresses are not sent. */
  private static boolean isName(String text) {
    boolean letters = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':' || c > 126 || c <= ' ') {
        return false;
      }
      letters |= (c < '0' || c > '9') && c != '.';
    }
    return letters;
  }

  @Override
  public TlsDHGroupVerifier getDHGroupVerifier() {
    return group -> group.getP().bitLength() >= SMALLEST_GROUP_BITS;
  }

  @Override
  public @Nullable TlsPSKIdentity getPSKIdentity() {
    return credentials instanceof PskCredentials psk && key != null
        ? new BasicTlsPSKIdentity(psk.username().getBytes(StandardCharsets.UTF_8), key)
        : null;
  }

  @Override
  public @Nullable Vector<TlsPSKExternal> getExternalPSKs() {
    TlsPSKIdentity identity = getPSKIdentity();
    if (identity == null) {
      return null;
    }
    var all = new Vector<TlsPSKExternal>();
    all.add(
        new BasicTlsPSKExternal(
            identity.getPSKIdentity(),
            crypto.createSecret(identity.getPSK()),
            PRFAlgorithm.tls13_hkdf_sha256));
    return all;
  }

  @Override
  public TlsAuthentication getAuthentication() throws IOException {
    if (!(credentials instanceof X509Credentials x509)) {
      throw new TlsFatalAlert(AlertDescription.internal_error, "a certificate nobody asked for");
    }
    return new TlsAuthentication() {
      @Override
      public void notifyServerCertificate(TlsServerCertificate shown) throws IOException {
        if (x509.verifiesPeer()) {
          try {
            x509.checkPeer(OwnCertificate.decode(shown.getCertificate()), hostname);
          } catch (BlockException e) {
            refusal = e;
            throw new TlsFatalAlert(AlertDescription.bad_certificate, e);
          }
        }
      }

      @Override
      public org.bouncycastle.tls.@Nullable TlsCredentials getClientCredentials(
          CertificateRequest request) throws IOException {
        return OwnCertificate.signer(
            x509, context, crypto, request.getSupportedSignatureAlgorithms());
      }
    };
  }
}
