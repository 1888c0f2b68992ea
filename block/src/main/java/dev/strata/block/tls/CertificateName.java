// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Whom a certificate names. */
public final class CertificateName {
  private static final int DNS = 2; // kinds of names, as RFC 5280 numbers them
  private static final int ADDRESS = 7;

  /** Parts of names that RFC 2253 has no word for, by those that GnuTLS and others use. */
  private static final Map<String, String> WORDS =
      Map.of(
          "1.2.840.113549.1.9.1", "EMAIL",
          "2.5.4.5", "serialNumber",
          "2.5.4.12", "T",
          "2.5.4.4", "SN",
          "2.5.4.42", "GN",
          "2.5.4.46", "dnQualifier",
          "2.5.4.65", "pseudonym");

  private CertificateName() {}

  /** The holder's distinguished name, the most particular part first: {@code CN=a,O=b,C=GB}. */
  public static String distinguishedName(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName(X500Principal.RFC2253, WORDS);
  }

  /**
   * Whether the certificate is for a host: by its alternative names, or where it has none of them
   * that is for hosts, by its common name.
   *
   * @see "RFC 6125, 6.4"
   */
  static boolean names(X509Certificate certificate, String hostname) {
    Collection<List<?>> alternatives;
    try {
      alternatives = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      return false;
    }
    InetAddress address = literal(hostname);
    boolean hosts = false;
    if (alternatives != null) {
      for (List<?> each : alternatives) {
        int kind = (Integer) each.get(0);
        hosts |= kind == DNS || kind == ADDRESS;
        if (each.get(1) instanceof String name) {
          if (kind == DNS && address == null && matches(name, hostname)) {
            return true;
          }
          if (kind == ADDRESS && address != null && address.equals(literal(name))) {
            return true;
          }
        }
      }
    }
    String common = hosts ? null : commonName(certificate);
    return common != null && address == null && matches(common, hostname);
  }

  /** A star stands for the whole first label, of names that have two more. */
  private static boolean matches(String pattern, String hostname) {
    String wanted = withoutDot(hostname.toLowerCase(Locale.ROOT));
    String name = withoutDot(pattern.toLowerCase(Locale.ROOT));
    if (!name.startsWith("*.")) {
      return name.equals(wanted);
    }
    String domain = name.substring(1);
    int dot = wanted.indexOf('.');
    return dot > 0
        && domain.indexOf('.', 1) > 0
        && domain.indexOf('*') < 0
        && wanted.substring(dot).equals(domain);
  }

  private static String withoutDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static @Nullable InetAddress literal(String text) {
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The most particular one; names of hosts have no characters that would be escaped in it. */
  private static @Nullable String commonName(X509Certificate certificate) {
    String name = certificate.getSubjectX500Principal().getName(X500Principal.RFC2253);
    for (int start = 0; start < name.length(); ) {
      int end = start;
      while (end < name.length() && name.charAt(end) != ',' && name.charAt(end) != '+') {
        end += name.charAt(end) == '\\' ? 2 : 1;
      }
      if (name.startsWith("CN=", start)) {
        return name.substring(start + 3, Math.min(end, name.length()));
      }
      start = end + 1;
    }
    return null;
  }
}
