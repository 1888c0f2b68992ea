// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where a URL says that a file is. Each character is a byte of what the server is sent.
 *
 * @param folders to change into, one after the other
 * @param name of the file in the last of them; empty if the URL names a folder
 * @see "RFC 1738, 3.2.2 FTP url-path"
 */
record FtpPath(List<String> folders, String name) {
  private static final int MAX_FOLDERS = 256;
  private static final String TYPE = ";type=";

  /** Takes a URL's path apart, in which all but letters and marks is {@code %XX}. */
  static FtpPath parse(String rawPath) throws BlockException {
    String path = rawPath;
    int type = path.toLowerCase(Locale.ROOT).lastIndexOf(TYPE);
    if (type >= 0 && type == path.length() - TYPE.length() - 1) {
      if (Character.toLowerCase(path.charAt(type + TYPE.length())) != 'i') {
        throw new BlockException(Errno.EINVAL, "A disk is read by the type 'i' alone");
      }
      path = path.substring(0, type);
    }
    String decoded = decode(path.isEmpty() ? path : path.substring(1));
    var folders = new ArrayList<String>();
    int start = 0;
    if (decoded.startsWith("/")) {
      folders.add("/"); // of the server's own tree
      start = 1;
    }
    for (int slash = decoded.indexOf('/', start); slash >= 0; ) {
      if (slash > start) {
        folders.add(decoded.substring(start, slash));
      }
      if (folders.size() > MAX_FOLDERS) {
        throw new BlockException(
            Errno.ENAMETOOLONG, "A file in more than " + MAX_FOLDERS + " folders");
      }
      start = slash + 1;
      slash = decoded.indexOf('/', start);
    }
    return new FtpPath(List.copyOf(folders), decoded.substring(start));
  }

  private static String decode(String path) throws BlockException {
    var decoded = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      char each = path.charAt(i);
      if (each == '%') {
        each = hexAt(path, i + 1);
        i += 2;
      }
      decoded.append(each);
    }
    return withoutControls("path", decoded.toString());
  }

  /** The byte of two digits, which {@code java.net.URI} has seen to. */
  private static char hexAt(String path, int at) {
    return (char) Integer.parseInt(path, at, at + 2, 16);
  }

  /** Text as the server is sent it: a line's end in it would begin another command. */
  static String line(String what, String text) throws BlockException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return withoutControls(what, new String(bytes, StandardCharsets.ISO_8859_1));
  }

  private static String withoutControls(String what, String text) throws BlockException {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) == 0x7f) {
        throw new BlockException(Errno.EINVAL, what + " contains control characters");
      }
    }
    return text;
  }
}
