// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A URL taken apart: what is asked for, and who asks.
 *
 * @param uri without a user
 * @param login of the user that the URL names, or null
 */
record RequestUri(URI uri, UrlSettings.@Nullable Login login) {
  private static final String UNRESERVED = "-._~:/?#[]@!$&'()*+,;=%";

  /** Takes {@code url} apart; what may not be in a URL but often is goes as {@code %XX}. */
  static RequestUri parse(String url) throws BlockException {
    int start = url.indexOf("://") + 3;
    int end = start;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    int at = url.lastIndexOf('@', end - 1);
    UrlSettings.Login login = null;
    String rest = url;
    if (at >= start) {
      String user = url.substring(start, at);
      int colon = user.indexOf(':');
      login =
          colon < 0
              ? new UrlSettings.Login(decode(user), "")
              : new UrlSettings.Login(
                  decode(user.substring(0, colon)), decode(user.substring(colon + 1)));
      rest = url.substring(0, start) + url.substring(at + 1);
    }
    try {
      var uri = new URI(encode(rest));
      if (uri.getHost() == null) {
        throw refused();
      }
      return new RequestUri(uri, login);
    } catch (URISyntaxException e) {
      throw refused().causedBy(e);
    }
  }

  private static BlockException refused() {
    return new BlockException(Errno.EINVAL, "URL using bad/illegal format or missing URL");
  }

  private static String decode(String text) throws BlockException {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw refused().causedBy(e);
    }
  }

  private static String encode(String url) throws BlockException {
    var encoded = new StringBuilder(url.length());
    for (byte each : url.getBytes(StandardCharsets.UTF_8)) {
      int c = each & 0xff;
      if (c <= ' ' || c == 0x7f) {
        throw refused();
      }
      boolean letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (letter || UNRESERVED.indexOf(c) >= 0) {
        encoded.append((char) c);
      } else {
        encoded.append('%').append(hex(c >> 4)).append(hex(c & 0xf));
      }
    }
    return encoded.toString();
  }

  private static char hex(int digit) {
    return Character.toUpperCase(Character.forDigit(digit, 16));
  }

  /** Whether passwords for this one may go to {@code other}, too. */
  boolean sameServer(URI other) {
    return uri.getScheme().equals(other.getScheme())
        && uri.getHost().equalsIgnoreCase(other.getHost())
        && uri.getPort() == other.getPort();
  }
}
