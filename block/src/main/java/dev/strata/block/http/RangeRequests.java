// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EIO;

import dev.strata.block.BlockException;
import dev.strata.block.http.UrlSettings.Login;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Asks a server for parts of one file. Thread-safe: each request has a connection to itself, and
 * connections are used again.
 */
final class RangeRequests implements RemoteFile {
  private static final int MAX_REDIRECTS = 10;

  private final UrlSettings settings;
  private final RequestUri place;
  private final HttpClient client;
  private final Consumer<String> warn;

  private RangeRequests(
      UrlSettings settings, RequestUri place, HttpClient client, Consumer<String> warn) {
    this.settings = settings;
    this.place = place;
    this.client = client;
    this.warn = warn;
  }

  /**
   * A client that has not asked for anything yet.
   *
   * @param environment of which variables name proxies
   * @param warn takes a line for the user, from any thread
   */
  static RangeRequests open(
      UrlSettings settings, Map<String, String> environment, Consumer<String> warn)
      throws BlockException {
    RequestUri place;
    try {
      place = RequestUri.parse(settings.url());
    } catch (BlockException e) {
      throw e.during("CURL: Error opening file");
    }
    if (settings.proxyLogin() != null) {
      // Else the JDK does not say the password to a proxy that leads on to a server by TLS.
      String schemes = "jdk.http.auth.tunneling.disabledSchemes";
      if (System.getProperty(schemes) == null) {
        System.setProperty(schemes, "");
      }
    }
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // many connections at once, not one
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(new ProxyVariables(environment));
    if (settings.timeoutSeconds() > 0) {
      builder.connectTimeout(Duration.ofSeconds(settings.timeoutSeconds()));
    }
    secure(builder, settings);
    return new RangeRequests(settings, place, builder.build(), warn);
  }

  private static void secure(HttpClient.Builder builder, UrlSettings settings)
      throws BlockException {
    try {
      if (!settings.verify()) {
        builder.sslContext(ServerTrust.ofAnybody());
      } else if (settings.url().startsWith("https:")) {
        builder.sslContext(ServerTrust.of(ServerTrust.AUTHORITIES));
      } // else only a redirection may lead to TLS: the JDK's authorities will do
    } catch (GeneralSecurityException | IOException e) {
      throw new BlockException(EIO, "CURL: Error initializing library").causedBy(e);
    }
  }

  @Override
  public long length() throws BlockException {
    Reply reply = send("HEAD", 0, MemorySegment.NULL);
    if (reply.broken() != null) {
      throw reply.broken();
    }
    BlockException refusal = reply.refusal(0);
    if (refusal != null) {
      throw refusal;
    }
    long length = length(reply.headers());
    if (length < 0) {
      throw new BlockException(EINVAL, "Server didn't report file size.");
    }
    String ranges = reply.headers().firstValue("accept-ranges").orElse("");
    if (!ranges.toLowerCase(Locale.ROOT).contains("bytes")) {
      throw new BlockException(EINVAL, "Server does not support 'range' (byte ranges).");
    }
    return length;
  }

  private static long length(HttpHeaders headers) {
    try {
      return Long.parseLong(headers.firstValue("content-length").orElse("-1"));
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  @Override
  public void read(long offset, MemorySegment into) throws BlockException {
    try {
      tryRead(offset, into);
    } catch (BlockException e) {
      warn.accept("curl: " + e.getMessage());
      throw BlockException.of(EIO).causedBy(e);
    }
  }

  private void tryRead(long offset, MemorySegment into) throws BlockException {
    long done = 0;
    for (int tries = 1; done < into.byteSize(); tries++) {
      Reply reply = send("GET", offset + done, into.asSlice(done));
      BlockException failure =
          reply.broken() != null ? reply.broken() : reply.refusal(offset + done);
      done += reply.received();
      if (failure != null && !reply.isPassing()) {
        throw failure;
      }
      if (done < into.byteSize()) {
        if (tries == Retries.MAX_TRIES) {
          throw failure != null ? failure : closed(into.byteSize() - done);
        }
        Retries.pause(tries);
      }
    }
  }

  private static BlockException closed(long left) {
    return new BlockException(EIO, "transfer closed with " + left + " bytes remaining to read");
  }

  /** Sends a request, and again to where the server says that the file is. */
  private Reply send(String method, long offset, MemorySegment into) throws BlockException {
    URI uri = place.uri();
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpRequest request = request(method, offset, into.byteSize(), uri);
      Reply reply = Reply.to(client, request, offset, into, settings.timeoutSeconds());
      String location = reply.headers().firstValue("location").orElse("");
      if (reply.status() / 100 != 3 || location.isEmpty()) {
        return reply;
      }
      uri = redirected(uri, location);
    }
    throw new BlockException(EIO, "Maximum (" + MAX_REDIRECTS + ") redirects followed");
  }

  private static URI redirected(URI from, String location) throws BlockException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new BlockException(EIO, "Redirected to what is no URL").causedBy(e);
    }
    String scheme = String.valueOf(to.getScheme());
    if ((!scheme.equals("http") && !scheme.equals("https")) || to.getHost() == null) {
      throw new BlockException(EIO, "Protocol \"" + scheme + "\" not supported or disabled");
    }
    return to;
  }

  private HttpRequest request(String method, long offset, long length, URI uri) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("Accept", "*/*");
    if (length > 0) {
      request.header("Range", "bytes=" + offset + "-" + (offset + length - 1));
    }
    // What is a secret of one server's is not another's.
    if (place.sameServer(uri)) {
      Login login = place.login() != null ? place.login() : settings.login();
      if (login != null) {
        request.header("Authorization", basic(login));
      }
      if (settings.cookie() != null) {
        request.header("Cookie", settings.cookie());
      }
    }
    if (settings.proxyLogin() != null) {
      request.header("Proxy-Authorization", basic(settings.proxyLogin()));
    }
    return request.build();
  }

  private static String basic(Login login) {
    byte[] both = (login.name() + ":" + login.password()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(both);
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
