// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is wrong with certificates. */
final class CertificateCheck {
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String ANY_PURPOSE = "2.5.29.37.0";
  private static final String SERVER_PURPOSE = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT_PURPOSE = "1.3.6.1.5.5.7.3.2";

  // Bits of the key's usage, as Java numbers them.
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int SIGNS_CERTIFICATES = 5;

  private CertificateCheck() {}

  /** Fails if one of our own certificates cannot do what it is for, which peers would find out. */
  static void ownCertificate(String file, X509Certificate certificate, TlsEndpoint endpoint)
      throws BlockException {
    validity(file, certificate, endpoint.word());
    if (certificate.getBasicConstraints() >= 0) {
      throw wrong(
          "The certificate "
              + file
              + " basic constraints show a CA, but we need one for a "
              + endpoint.word());
    }
    if (!permits(certificate, DIGITAL_SIGNATURE)) {
      throw wrong("Certificate " + file + " usage does not permit digital signature");
    }
    Set<String> critical = certificate.getCriticalExtensionOIDs();
    if (critical != null
        && critical.contains(EXTENDED_KEY_USAGE)
        && !hasPurpose(certificate, endpoint)) {
      throw wrong(
          "Certificate " + file + " purpose does not allow use with a TLS " + endpoint.word());
    }
  }

  /** Fails if a certificate of an authority is none. */
  static void authority(String file, X509Certificate certificate) throws BlockException {
    validity(file, certificate, "CA");
    if (certificate.getBasicConstraints() < 0) {
      throw wrong("The certificate " + file + " basic constraints do not show a CA");
    }
    Set<String> critical = certificate.getCriticalExtensionOIDs();
    if (critical != null
        && critical.contains(KEY_USAGE)
        && !permits(certificate, SIGNS_CERTIFICATES)) {
      throw wrong("Certificate " + file + " usage does not permit certificate signing");
    }
  }

  private static void validity(String file, X509Certificate certificate, String whose)
      throws BlockException {
    try {
      certificate.checkValidity();
    } catch (CertificateExpiredException e) {
      throw wrong("The " + whose + " certificate " + file + " has expired").causedBy(e);
    } catch (CertificateNotYetValidException e) {
      throw wrong("The " + whose + " certificate " + file + " is not yet active").causedBy(e);
    }
  }

  private static boolean permits(X509Certificate certificate, int usage) {
    boolean[] usages = certificate.getKeyUsage();
    return usages == null || usages[usage];
  }

  private static boolean hasPurpose(X509Certificate certificate, TlsEndpoint endpoint)
      throws BlockException {
    List<String> purposes;
    try {
      purposes = certificate.getExtendedKeyUsage();
    } catch (CertificateException e) {
      throw wrong("Invalid certificate").causedBy(e);
    }
    String wanted = endpoint == TlsEndpoint.SERVER ? SERVER_PURPOSE : CLIENT_PURPOSE;
    return purposes == null || purposes.contains(wanted) || purposes.contains(ANY_PURPOSE);
  }

  /**
   * Why a chain is not to be trusted.
   *
   * @param chain the holder's certificate first
   * @param endpoint which end the holder is; null if that does not matter
   * @return null if it is to be trusted
   */
  static @Nullable String distrust(
      List<X509Certificate> chain,
      List<X509Certificate> authorities,
      List<X509CRL> revocations,
      @Nullable TlsEndpoint endpoint)
      throws BlockException {
    // Chains may end with the authority itself, which is not trusted for coming along.
    var path = new ArrayList<X509Certificate>();
    for (X509Certificate each : chain) {
      if (authorities.contains(each)) {
        break;
      }
      path.add(each);
    }
    try {
      if (path.isEmpty()) {
        chain.getFirst().checkValidity(); // it is an authority's own, which is trusted
      } else {
        validate(path, authorities);
      }
      for (X509Certificate each : path) {
        if (isRevoked(each, path, authorities, revocations)) {
          return "The certificate has been revoked";
        }
      }
    } catch (CertificateExpiredException e) {
      return "The certificate has expired";
    } catch (CertificateNotYetValidException e) {
      return "The certificate is not yet activated";
    } catch (CertPathValidatorException e) {
      return reason(e);
    } catch (GeneralSecurityException e) {
      return "Invalid certificate";
    }
    // Whoever may be a client here shall not be able to pose as a server.
    if (endpoint != null && !hasPurpose(chain.getFirst(), endpoint)) {
      return "The certificate is not for a TLS " + endpoint.word();
    }
    return null;
  }

  private static void validate(List<X509Certificate> path, List<X509Certificate> authorities)
      throws GeneralSecurityException {
    var anchors = new HashSet<TrustAnchor>();
    for (X509Certificate authority : authorities) {
      authority.checkValidity();
      anchors.add(new TrustAnchor(authority, null));
    }
    if (anchors.isEmpty()) {
      throw new CertPathValidatorException("", null, null, -1, PKIXReason.NO_TRUST_ANCHOR);
    }
    CertPath certPath = CertificateFactory.getInstance("X.509").generateCertPath(path);
    try {
      var parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false); // lists are in files, and looked at below
      CertPathValidator.getInstance("PKIX").validate(certPath, parameters);
    } catch (InvalidAlgorithmParameterException e) {
      throw new CertificateException(e);
    }
  }

  private static String reason(CertPathValidatorException e) {
    CertPathValidatorException.Reason reason = e.getReason();
    if (reason == BasicReason.EXPIRED) {
      return "The certificate has expired";
    }
    if (reason == BasicReason.NOT_YET_VALID) {
      return "The certificate is not yet activated";
    }
    if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
      return "The certificate uses an insecure algorithm";
    }
    return reason == PKIXReason.NO_TRUST_ANCHOR || reason == BasicReason.INVALID_SIGNATURE
        ? "The certificate hasn't got a known issuer"
        : "The certificate is not trusted";
  }

  /** By a list that its issuer has signed. */
  private static boolean isRevoked(
      X509Certificate certificate,
      List<X509Certificate> path,
      List<X509Certificate> authorities,
      List<X509CRL> revocations) {
    var issuers = new ArrayList<>(authorities);
    issuers.addAll(path);
    for (X509CRL list : revocations) {
      if (!list.getIssuerX500Principal().equals(certificate.getIssuerX500Principal())
          || !list.isRevoked(certificate)) {
        continue;
      }
      for (X509Certificate issuer : issuers) {
        if (issuer.getSubjectX500Principal().equals(list.getIssuerX500Principal())
            && isSignedBy(list, issuer)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isSignedBy(X509CRL list, X509Certificate issuer) {
    try {
      list.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false; // somebody else of that name
    }
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
