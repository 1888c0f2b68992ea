// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Which servers' certificates are good ones. */
final class ServerTrust {
  /** Where Debian has those of the authorities that its users trust; curl reads them there. */
  static final Path AUTHORITIES = Path.of("/etc/ssl/certs/ca-certificates.crt");

  private ServerTrust() {}

  /** Those that one of the authorities in {@code file} vouches for; the JDK's if there is none. */
  static SSLContext of(Path file) throws GeneralSecurityException, IOException {
    var context = SSLContext.getInstance("TLS");
    TrustManager[] managers = null; // the JDK's own
    if (Files.isReadable(file)) {
      var authorities = KeyStore.getInstance(KeyStore.getDefaultType());
      authorities.load(null, null);
      try (InputStream in = Files.newInputStream(file)) {
        int count = 0;
        for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
          authorities.setCertificateEntry("authority" + count++, each);
        }
      }
      var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(authorities);
      managers = factory.getTrustManagers();
    }
    context.init(null, managers, null);
    return context;
  }

  /** All, whatever name they bear: {@code sslverify=off}. */
  static SSLContext ofAnybody() throws GeneralSecurityException {
    var context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anybody()}, null);
    return context;
  }

  /** Of the extended kind, whose word on the server's name is the last. */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
