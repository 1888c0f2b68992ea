// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EIO;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Which server has the file, where, and who asks for it.
 *
 * @param host its name or address
 * @param port of control connections
 * @param path to the file
 * @param user who logs in; each character is a byte
 * @param password perhaps empty; each character is a byte
 * @param timeoutMillis how long it may say nothing; 0 for ever
 * @param tls by which all connections are protected; null if none is
 * @param verify whether its certificate has to bear its name
 */
record FtpServer(
    String host,
    int port,
    FtpPath path,
    String user,
    String password,
    int timeoutMillis,
    @Nullable SSLContext tls,
    boolean verify) {
  private static final int FTP = 21;
  private static final int FTPS = 990;

  /** The user whom servers with files for everybody expect; see RFC 1635. */
  private static final UrlSettings.Login ANYBODY = new UrlSettings.Login("anonymous", "anonymous@");

  /**
   * What the URL and the options say.
   *
   * @param environment of which variables name proxies
   */
  static FtpServer of(UrlSettings settings, Map<String, String> environment) throws BlockException {
    RequestUri place = RequestUri.parse(settings.url());
    URI uri = place.uri();
    for (Proxy each : new ProxyVariables(environment).select(uri)) {
      if (each.type() != Proxy.Type.DIRECT || settings.proxyLogin() != null) {
        throw new BlockException(EINVAL, "A proxy for " + uri.getScheme() + " is not supported");
      }
    }
    UrlSettings.Login login = place.login() != null ? place.login() : settings.login();
    login = login != null ? login : ANYBODY;
    boolean secure = "ftps".equals(uri.getScheme());
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? FTPS : FTP;
    if (port == 0 || port > 0xffff) {
      throw new BlockException(EINVAL, "URL using bad/illegal format or missing URL");
    }
    return new FtpServer(
        uri.getHost(),
        port,
        FtpPath.parse(uri.getRawPath()),
        FtpPath.line("user name", login.name()),
        FtpPath.line("password", login.password()),
        settings.timeoutSeconds() * 1000,
        secure ? trust(settings) : null,
        settings.verify());
  }

  private static SSLContext trust(UrlSettings settings) throws BlockException {
    try {
      return settings.verify() ? ServerTrust.of(ServerTrust.AUTHORITIES) : ServerTrust.ofAnybody();
    } catch (GeneralSecurityException | IOException e) {
      throw new BlockException(EIO, "CURL: Error initializing library").causedBy(e);
    }
  }

  /** A new control connection, to the first of the server's addresses that takes one. */
  FtpSocket connect() throws IOException {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new IOException("Could not resolve host: " + host, e);
    }
    for (int i = 0; i < addresses.length - 1; i++) {
      try {
        return connectTo(addresses[i], port);
      } catch (IOException e) {
        // The last one's failure is told.
      }
    }
    return connectTo(addresses[addresses.length - 1], port);
  }

  /** A new connection, nothing of which is protected yet. */
  FtpSocket connectTo(InetAddress address, int toPort) throws IOException {
    return FtpSocket.connect(address, toPort, host, timeoutMillis);
  }

  /** The password is not for logs. */
  @Override
  public String toString() {
    return user + "@" + host + ":" + port;
  }
}
