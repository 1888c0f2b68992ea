// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Certificates: of the authorities that are trusted, and our own with its key.
 *
 * @param authorities whose signatures are believed
 * @param revocations of certificates that are not any more
 * @param chain our own certificate first, then that of its issuer and so on; empty if there is none
 * @param key of our own certificate, or null if there is none
 */
public record X509Credentials(
    TlsEndpoint endpoint,
    boolean verifiesPeer,
    TlsPriority priority,
    List<X509Certificate> authorities,
    List<X509CRL> revocations,
    List<X509Certificate> chain,
    @Nullable PrivateKey key)
    implements TlsCredentials {

  private static final String AUTHORITIES = "ca-cert.pem";
  private static final String REVOCATIONS = "ca-crl.pem";

  /**
   * Reads the files that a folder has by their usual names.
   *
   * @param dir the folder, or null, which is refused
   * @param checks whether certificates that peers would refuse are refused already
   * @param password of the key, or null
   */
  public static X509Credentials load(
      @Nullable String dir,
      TlsEndpoint endpoint,
      boolean verifiesPeer,
      boolean checks,
      @Nullable String password,
      TlsPriority priority)
      throws BlockException {
    boolean server = endpoint == TlsEndpoint.SERVER;
    CredentialFile authorityFile = CredentialFile.in(dir, AUTHORITIES);
    CredentialFile certificateFile = CredentialFile.in(dir, endpoint.word() + "-cert.pem");
    CredentialFile keyFile = CredentialFile.in(dir, endpoint.word() + "-key.pem");
    CredentialFile revocationFile = CredentialFile.in(dir, REVOCATIONS);
    // A server without verification of its clients needs nobody's certificate but its own.
    boolean needsAuthorities = !server || verifiesPeer;
    authorityFile.require();
    if (server) {
      certificateFile.require();
      keyFile.require();
    }
    boolean own = certificateFile.exists() && keyFile.exists();
    List<X509Certificate> chain =
        own ? certificates(certificateFile, endpoint.word() + " certificate") : List.of();
    List<X509Certificate> authorities = authorities(authorityFile, checks || needsAuthorities);
    List<X509CRL> revocations = revocationFile.exists() ? revocations(revocationFile) : List.of();
    PrivateKey key = own ? key(certificateFile, keyFile, chain.getFirst(), password) : null;
    if (checks) {
      check(authorityFile, authorities, certificateFile, chain, endpoint);
    }
    return new X509Credentials(
        endpoint, verifiesPeer, priority, authorities, revocations, chain, key);
  }

  private static void check(
      CredentialFile authorityFile,
      List<X509Certificate> authorities,
      CredentialFile certificateFile,
      List<X509Certificate> chain,
      TlsEndpoint endpoint)
      throws BlockException {
    if (!chain.isEmpty()) {
      CertificateCheck.ownCertificate(certificateFile.name(), chain.getFirst(), endpoint);
    }
    for (X509Certificate authority : authorities) {
      CertificateCheck.authority(authorityFile.name(), authority);
    }
    if (!chain.isEmpty()) {
      String distrust = CertificateCheck.distrust(chain, authorities, List.of(), null);
      if (distrust != null) {
        throw new BlockException(
            Errno.EINVAL,
            "Our own certificate "
                + certificateFile.name()
                + " failed validation against "
                + authorityFile.name()
                + ": "
                + distrust);
      }
    }
  }

  private static List<X509Certificate> certificates(CredentialFile file, String what)
      throws BlockException {
    try {
      List<X509Certificate> found = certificates(file);
      if (found.isEmpty()) {
        throw new CertificateException("none");
      }
      return found;
    } catch (CertificateException | IllegalArgumentException e) {
      throw new BlockException(
              Errno.EINVAL,
              "Unable to import " + what + " " + file.name() + ": Base64 unexpected header error.")
          .causedBy(e);
    }
  }

  private static List<X509Certificate> authorities(CredentialFile file, boolean required)
      throws BlockException {
    try {
      List<X509Certificate> found = certificates(file);
      if (!found.isEmpty() || !required) {
        return found;
      }
    } catch (CertificateException | IllegalArgumentException e) {
      throw new BlockException(Errno.EINVAL, "Unable to import CA certificate list " + file.name())
          .causedBy(e);
    }
    throw new BlockException(Errno.EINVAL, "Unable to import CA certificate list " + file.name());
  }

  private static List<X509Certificate> certificates(CredentialFile file)
      throws BlockException, CertificateException {
    var factory = CertificateFactory.getInstance("X.509");
    var found = new ArrayList<X509Certificate>();
    for (PemBlock block : PemBlock.parse(file.read())) {
      if (block.label().endsWith("CERTIFICATE")) {
        found.add(
            (X509Certificate)
                factory.generateCertificate(new ByteArrayInputStream(block.content())));
      }
    }
    return List.copyOf(found);
  }

  private static List<X509CRL> revocations(CredentialFile file) throws BlockException {
    var found = new ArrayList<X509CRL>();
    try {
      var factory = CertificateFactory.getInstance("X.509");
      for (PemBlock block : PemBlock.parse(file.read())) {
        if (block.label().equals("X509 CRL")) {
          found.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(block.content())));
        }
      }
    } catch (CertificateException | CRLException | IllegalArgumentException e) {
      throw notLoaded(file, e);
    }
    if (found.isEmpty()) {
      throw notLoaded(file, null);
    }
    return List.copyOf(found);
  }

  private static BlockException notLoaded(CredentialFile list, @Nullable Exception cause) {
    var failure =
        new BlockException(
            Errno.EINVAL, "Cannot load CRL '" + list.name() + "': Base64 decoding error.");
    return cause == null ? failure : failure.causedBy(cause);
  }

  private static PrivateKey key(
      CredentialFile certificateFile,
      CredentialFile keyFile,
      X509Certificate certificate,
      @Nullable String password)
      throws BlockException {
    String what =
        "Cannot load certificate '" + certificateFile.name() + "' & key '" + keyFile.name() + "': ";
    try {
      char[] characters = password == null ? null : password.toCharArray();
      for (PemBlock block : PemBlock.parse(keyFile.read())) {
        PrivateKey key = PrivateKeys.read(block, certificate.getPublicKey(), characters);
        if (key != null) {
          if (PrivateKeys.match(key, certificate.getPublicKey())) {
            return key;
          }
          throw mismatch(what);
        }
      }
    } catch (InvalidKeySpecException e) {
      throw mismatch(what).causedBy(e); // a key of another kind
    } catch (GeneralSecurityException e) {
      throw new BlockException(Errno.EINVAL, what + "Decryption has failed.").causedBy(e);
    } catch (IllegalArgumentException e) {
      throw new BlockException(Errno.EINVAL, what + e.getMessage()).causedBy(e);
    }
    throw new BlockException(Errno.EINVAL, what + "The requested data were not available.");
  }

  private static BlockException mismatch(String what) {
    return new BlockException(
        Errno.EINVAL, what + "The certificate and the given key do not match.");
  }

  /**
   * Looks at what the other end has shown.
   *
   * @param shown its certificate first; may be empty
   * @param hostname whom it has to name, or null if anyone will do
   * @throws BlockException if it is not to be trusted
   */
  public void checkPeer(List<X509Certificate> shown, @Nullable String hostname)
      throws BlockException {
    if (shown.isEmpty()) {
      throw new BlockException(Errno.EPERM, "Verify failed: No certificate was found.");
    }
    TlsEndpoint other = endpoint == TlsEndpoint.CLIENT ? TlsEndpoint.SERVER : TlsEndpoint.CLIENT;
    String distrust = CertificateCheck.distrust(shown, authorities, revocations, other);
    if (distrust != null) {
      throw new BlockException(Errno.EPERM, distrust);
    }
    if (hostname != null && !CertificateName.names(shown.getFirst(), hostname)) {
      throw new BlockException(Errno.EPERM, "Certificate does not match the hostname " + hostname);
    }
  }
}
