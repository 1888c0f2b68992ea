// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Names of exports: URIs, and the older {@code nbd:host:port:exportname=name} and {@code
 * nbd:unix:path:exportname=name}. Those with TLS, which the reference has no names for, are
 * libnbd's.
 *
 * @see "NetworkBlockDevice/nbd, doc/uri.md"
 */
final class NbdFilename {
  private static final String OLD_START = "nbd:";
  private static final String OLD_EXPORT = ":exportname=";
  private static final String OLD_UNIX = "unix:";

  private NbdFilename() {}

  /** Puts what {@code filename} says into {@code options}. */
  static void parse(String filename, BlockOptions options) throws BlockException {
    if (options.has("host") || options.has("port") || options.has("path")) {
      throw new BlockException(
          EINVAL, "host/port/path and file names may not be specified at the same time");
    }
    if (filename.contains("://")) {
      if (!parseUri(filename, options)) {
        throw new BlockException(EINVAL, "No valid URL specified");
      }
    } else {
      parseOld(filename, options);
    }
  }

  private static void parseOld(String filename, BlockOptions options) throws BlockException {
    if (!filename.startsWith(OLD_START)) {
      throw new BlockException(EINVAL, "File name string for NBD must start with 'nbd:'");
    }
    String host = filename.substring(OLD_START.length());
    int end = host.indexOf(OLD_EXPORT);
    if (end >= 0) {
      String export = host.substring(end + OLD_EXPORT.length());
      if (export.isEmpty()) {
        return; // and then the address is missing too
      }
      options.put("export", export);
      host = host.substring(0, end);
    }
    if (host.isEmpty()) {
      return;
    }
    if (host.startsWith(OLD_UNIX)) {
      options.put("path", host.substring(OLD_UNIX.length()));
      return;
    }
    boolean bracketed = host.startsWith("[");
    int colon = bracketed ? host.indexOf("]:") + 1 : host.indexOf(':');
    if (bracketed && colon == 0) {
      throw new BlockException(EINVAL, "error parsing IPv6 address '" + host + "'");
    }
    if (colon <= 0 || colon == host.length() - 1 || host.indexOf(',') >= 0) {
      throw new BlockException(EINVAL, "error parsing address '" + host + "'");
    }
    options.put("host", bracketed ? host.substring(1, colon - 1) : host.substring(0, colon));
    options.put("port", host.substring(colon + 1));
  }

  private static boolean parseUri(String uri, BlockOptions options) throws BlockException {
    int schemeEnd = uri.indexOf("://");
    String scheme = uri.substring(0, schemeEnd);
    int fragment = uri.indexOf('#');
    String rest = uri.substring(schemeEnd + 3, fragment < schemeEnd ? uri.length() : fragment);
    int question = rest.indexOf('?');
    String query = question < 0 ? "" : rest.substring(question + 1);
    String place = question < 0 ? rest : rest.substring(0, question);
    int slash = place.indexOf('/');
    String authority = slash < 0 ? place : place.substring(0, slash);
    String export = slash < 0 ? "" : decode(place.substring(slash + 1));
    if (export == null) {
      return false;
    }
    boolean done =
        switch (scheme) {
          case "nbd", "nbd+tcp" -> query.isEmpty() && parseAuthority(authority, options);
          case "nbd+unix" -> authority.isEmpty() && parseSocket(query, options);
          case "nbds", "nbds+tcp" ->
              parseAuthority(authority, options) && parseSecure(authority, query, false, options);
          case "nbds+unix" ->
              authority.indexOf('@') == authority.length() - 1
                  && parseSecure(authority, query, true, options);
          default -> false;
        };
    if (done && !export.isEmpty()) {
      options.put("export", export);
    }
    return done;
  }

  private static boolean parseSocket(String query, BlockOptions options) {
    String path = query.startsWith("socket=") ? decode(query.substring(7)) : null;
    if (path == null || query.indexOf('&') >= 0) {
      return false;
    }
    options.put("path", path);
    return true;
  }

  /** The credentials, and with {@code unix} the socket, each said once. */
  private static boolean parseSecure(
      String authority, String query, boolean unix, BlockOptions options) throws BlockException {
    int at = authority.indexOf('@');
    if (at > 0) {
      String username = decode(authority.substring(0, at));
      if (username == null) {
        return false;
      }
      options.put("tls-username", username);
    }
    for (String part : query.isEmpty() ? new String[0] : query.split("&", -1)) {
      int equals = part.indexOf('=');
      String value = equals < 0 ? null : decode(part.substring(equals + 1));
      if (value == null) {
        return false;
      }
      String name = part.substring(0, equals);
      switch (name) {
        case "socket" -> name = "path";
        case "tls-certificates", "tls-psk-file", "tls-hostname", "tls-username" -> {}
        case "tls-verify-peer" -> value = value.equals("false") || value.equals("0") ? "off" : "on";
        default -> {
          return false;
        }
      }
      if (options.has(name) || (name.equals("path") && !unix)) {
        return false;
      }
      options.put(name, value);
    }
    if (!options.has("tls-certificates") && !options.has("tls-psk-file")) {
      throw new BlockException(
          EINVAL, "A URI with TLS needs tls-certificates=DIRECTORY or tls-psk-file=FILE");
    }
    return !unix || options.has("path");
  }

  private static boolean parseAuthority(String authority, BlockOptions options) {
    String place = authority.substring(authority.indexOf('@') + 1);
    boolean bracketed = place.startsWith("[");
    int hostEnd = bracketed ? place.indexOf(']') + 1 : place.indexOf(':');
    if (hostEnd < 0) {
      hostEnd = place.length();
    }
    String port = place.substring(hostEnd);
    if ((bracketed && hostEnd == 0) || !(port.isEmpty() || isPort(port))) {
      return false;
    }
    String host = bracketed ? place.substring(1, hostEnd - 1) : decode(place.substring(0, hostEnd));
    if (host == null || host.isEmpty()) {
      return false;
    }
    options.put("host", host);
    boolean unsaid = port.isEmpty() || Integer.parseInt(port.substring(1)) == 0;
    options.put("port", unsaid ? NbdOptions.DEFAULT_PORT : port.substring(1));
    return true;
  }

  /** Whether {@code text} is a colon and a number of 16 bits. */
  private static boolean isPort(String text) {
    int number = 0;
    for (int i = 1; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      number = 10 * number + digit;
      if (digit < 0 || digit > 9 || number > 65535) {
        return false;
      }
    }
    return text.length() > 1 && text.charAt(0) == ':';
  }

  /** {@code text} with {@code %XX} as the bytes they stand for; null if one is not complete. */
  private static @Nullable String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '%') {
        out.write(bytes[i]);
        continue;
      }
      int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return null;
      }
      out.write(high << 4 | low);
      i += 2;
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** The name of an export as the reference prints it, which quotes nothing. */
  static String of(ServerAddress server, String export) {
    return server.uri(export.isEmpty() ? "" : "/" + export);
  }
}
