// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.tls.TlsPriority;
import dev.strata.block.tls.TlsPriority.Cipher;
import dev.strata.block.tls.TlsPriority.Exchange;
import dev.strata.block.tls.TlsPriority.Version;
import java.util.Arrays;
import java.util.Set;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.ProtocolVersion;

/** What a priority allows, as the protocol numbers it. */
final class CipherSuites {
  /** A suite, and what has to be allowed for it; TLS 1.3 agrees upon keys apart from it. */
  private record Suite(int number, Cipher cipher, Exchange exchange) {}

  private static final Suite[] TLS_1_2 = {
    new Suite(
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        Cipher.AES_256_GCM,
        Exchange.ECDHE_ECDSA),
    new Suite(
        CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        Cipher.CHACHA20_POLY1305,
        Exchange.ECDHE_ECDSA),
    new Suite(
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        Cipher.AES_128_GCM,
        Exchange.ECDHE_ECDSA),
    new Suite(
        CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.ECDHE_RSA),
    new Suite(
        CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        Cipher.CHACHA20_POLY1305,
        Exchange.ECDHE_RSA),
    new Suite(
        CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.ECDHE_RSA),
    new Suite(
        CipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.DHE_RSA),
    new Suite(
        CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        Cipher.CHACHA20_POLY1305,
        Exchange.DHE_RSA),
    new Suite(
        CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.DHE_RSA),
    new Suite(
        CipherSuite.TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.ECDHE_PSK),
    new Suite(
        CipherSuite.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
        Cipher.CHACHA20_POLY1305,
        Exchange.ECDHE_PSK),
    new Suite(
        CipherSuite.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.ECDHE_PSK),
    new Suite(
        CipherSuite.TLS_DHE_PSK_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.DHE_PSK),
    new Suite(
        CipherSuite.TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
        Cipher.CHACHA20_POLY1305,
        Exchange.DHE_PSK),
    new Suite(
        CipherSuite.TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.DHE_PSK),
    new Suite(CipherSuite.TLS_PSK_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.PSK),
    new Suite(
        CipherSuite.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, Cipher.CHACHA20_POLY1305, Exchange.PSK),
    new Suite(CipherSuite.TLS_PSK_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.PSK),
    new Suite(
        CipherSuite.TLS_DH_anon_WITH_AES_256_GCM_SHA384, Cipher.AES_256_GCM, Exchange.ANON_DH),
    new Suite(CipherSuite.TLS_DH_anon_WITH_AES_128_GCM_SHA256, Cipher.AES_128_GCM, Exchange.ANON_DH)
  };

  private CipherSuites() {}

  /**
   * The suites, the best first.
   *
   * @param exchanges those that the credentials are for
   */
  static int[] of(TlsPriority priority, Set<Exchange> exchanges, boolean withTls13) {
    int[] suites = new int[TLS_1_2.length + 3];
    int count = 0;
    if (withTls13 && priority.versions().contains(Version.TLS_1_3)) {
      // Keys that both ends know go with the digest SHA-256 unless the two agree upon another.
      if (priority.ciphers().contains(Cipher.AES_256_GCM) && !exchanges.contains(Exchange.PSK)) {
        suites[count++] = CipherSuite.TLS_AES_256_GCM_SHA384;
      }
      if (priority.ciphers().contains(Cipher.CHACHA20_POLY1305)) {
        suites[count++] = CipherSuite.TLS_CHACHA20_POLY1305_SHA256;
      }
      if (priority.ciphers().contains(Cipher.AES_128_GCM)) {
        suites[count++] = CipherSuite.TLS_AES_128_GCM_SHA256;
      }
    }
    if (priority.versions().contains(Version.TLS_1_2)) {
      for (Suite suite : TLS_1_2) {
        if (exchanges.contains(suite.exchange)
            && priority.exchanges().contains(suite.exchange)
            && priority.ciphers().contains(suite.cipher)) {
          suites[count++] = suite.number;
        }
      }
    }
    return Arrays.copyOf(suites, count);
  }

  /** The versions, the newest first. */
  static ProtocolVersion[] versions(TlsPriority priority, boolean withTls13) {
    boolean newer = withTls13 && priority.versions().contains(Version.TLS_1_3);
    boolean older = priority.versions().contains(Version.TLS_1_2);
    if (newer && older) {
      return ProtocolVersion.TLSv13.downTo(ProtocolVersion.TLSv12);
    }
    return newer
        ? ProtocolVersion.TLSv13.only()
        : older ? ProtocolVersion.TLSv12.only() : new ProtocolVersion[0];
  }
}
