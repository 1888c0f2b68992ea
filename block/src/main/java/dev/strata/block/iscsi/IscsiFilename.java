// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Names of units: {@code iscsi://[user[%password]@]host[:port]/target/lun}, and {@code iser://} for
 * the same over RDMA.
 *
 * @see "libiscsi, iscsi/iscsi.h, ISCSI_URL_SYNTAX"
 */
final class IscsiFilename {
  private IscsiFilename() {}

  /**
   * Puts what {@code url} says into {@code options}.
   *
   * @param user who logs in if the name does not say, with {@code password}; null for nobody
   */
  static void parse(
      String url, @Nullable String user, @Nullable String password, BlockOptions options)
      throws BlockException {
    String transport;
    if (url.startsWith("iscsi://")) {
      transport = "tcp";
    } else if (url.startsWith("iser://")) {
      transport = "iser";
    } else {
      throw refused(url);
    }
    String place = url.substring(url.indexOf("://") + 3);
    int question = place.indexOf('?');
    if (question >= 0) {
      place = place.substring(0, question);
    }
    int at = place.indexOf('@');
    if (at >= 0) {
      String info = place.substring(0, at);
      place = place.substring(at + 1);
      int end = 0;
      while (end < info.length() && info.charAt(end) != '%' && info.charAt(end) != ':') {
        end++;
      }
      user = info.substring(0, end);
      password = end < info.length() ? info.substring(end + 1) : null;
    }
    int targetStart = place.indexOf('/') + 1;
    int targetEnd = place.indexOf('/', targetStart);
    if (targetStart == 0 || targetEnd < 0) {
      throw refused(url);
    }
    String lun = place.substring(targetEnd + 1);
    if (!isNumber(lun)) {
      throw refused(url);
    }
    options.put("transport", transport);
    options.put("portal", place.substring(0, targetStart - 1));
    options.put("target", decode(place.substring(targetStart, targetEnd)));
    options.put("lun", lun);
    if (user != null && !user.isEmpty() && password != null && !password.isEmpty()) {
      options.put("user", user);
      options.put("password", password);
    }
  }

  private static BlockException refused(String url) {
    return new BlockException(Errno.EINVAL, "Failed to parse URL : " + url);
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= 9;
  }

  /** {@code text} with {@code %XX} as the bytes they stand for; others stay as they are. */
  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
      if (bytes[i] == '%' && high >= 0 && low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(bytes[i]);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
