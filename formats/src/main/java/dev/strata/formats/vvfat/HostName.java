// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Objects;

/** The names of the host's files, which are bytes there and text on the disk. */
final class HostName {
  private HostName() {}

  /**
   * A file's name as UTF-8, whatever the process's locale: its URI has the bytes.
   *
   * @throws BlockException if it is not UTF-8
   */
  static String of(Path file) throws BlockException {
    String path = file.toUri().getRawPath();
    int end = path.endsWith("/") ? path.length() - 1 : path.length(); // a folder's
    String name = path.substring(path.lastIndexOf('/', end - 1) + 1, end);
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) == '%') {
        bytes.write(Integer.parseInt(name.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(name.charAt(i));
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new BlockException(Errno.EINVAL, shown(file) + " has a name that is not UTF-8");
    }
  }

  /**
   * The path of one name, whose bytes are UTF-8 whatever the process's locale.
   *
   * @param name without a slash, NUL or half of a surrogate pair
   */
  static Path relative(String name) {
    var uri = new StringBuilder("file:///");
    for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
      uri.append('%').append(HexFormat.of().toHexDigits(each));
    }
    return Objects.requireNonNull(Path.of(URI.create(uri.toString())).getFileName());
  }

  /** A name on the disk in a message of one line. */
  static String shown(String name) {
    return "'" + printable(name) + "'";
  }

  /** A file in a message of one line. */
  static String shown(Path file) {
    return "'" + printable(file) + "'";
  }

  /** The same without quotes. */
  static String printable(Path file) {
    return printable(file.toString());
  }

  private static String printable(String name) {
    var text = new StringBuilder(name);
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        text.setCharAt(i, '?');
      }
    }
    return text.toString();
  }
}
