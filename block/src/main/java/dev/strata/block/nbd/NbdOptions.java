// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.block.tls.PskCredentials;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.block.tls.TlsPriority;
import dev.strata.block.tls.X509Credentials;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The options of the driver.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsNbd, and qapi/sockets.json, SocketAddress"
 */
final class NbdOptions {
  static final String DEFAULT_PORT = "10809";

  private static final Option<String> HOST = Option.string("host", "TCP host to connect to");
  private static final Option<String> PORT = Option.string("port", "TCP port to connect to");
  private static final Option<String> PATH =
      Option.string("path", "Unix socket path to connect to");
  private static final Option<String> EXPORT =
      Option.string("export", "Name of the NBD export to open");
  private static final Option<String> TLS_CREDS =
      Option.string("tls-creds", "ID of the TLS credentials to use");
  private static final Option<String> TLS_HOSTNAME =
      Option.string("tls-hostname", "Override hostname for validating TLS x509 certificates");
  // Beyond the reference, for URIs: credentials without an object.
  private static final Option<String> TLS_CERTIFICATES =
      Option.string("tls-certificates", "Directory of the X.509 certificates to use for TLS");
  private static final Option<String> TLS_PSK_FILE =
      Option.string("tls-psk-file", "File of the pre-shared keys to use for TLS");
  private static final Option<String> TLS_USERNAME =
      Option.string("tls-username", "User whose pre-shared key is used for TLS");
  private static final Option<Boolean> TLS_VERIFY_PEER =
      Option.bool("tls-verify-peer", "Whether the server's X.509 certificate is verified");

  private static final Option<String> CONTEXT =
      Option.string(
          "x-dirty-bitmap", "experimental: expose named dirty bitmap in place of block status");
  private static final Option<Long> RECONNECT_DELAY =
      Option.number(
          "reconnect-delay",
          "On an unexpected disconnect, the nbd client tries to connect again until succeeding or"
              + " encountering a serious error.  During the first @reconnect-delay seconds, all"
              + " requests are paused and will be rerun on a successful reconnect. After that time,"
              + " any delayed requests and all future requests before a successful reconnect will"
              + " immediately fail. Default 0");
  private static final Option<Long> OPEN_TIMEOUT =
      Option.number(
          "open-timeout",
          "In seconds. If zero, the nbd driver tries the connection only once, and fails to open if"
              + " the connection fails. If non-zero, the nbd driver will repeat connection attempts"
              + " until successful or until @open-timeout seconds have elapsed. Default 0");

  static final OptionSchema OPEN =
      OptionSchema.of(
          HOST,
          PORT,
          PATH,
          EXPORT,
          TLS_CREDS,
          TLS_HOSTNAME,
          TLS_CERTIFICATES,
          TLS_PSK_FILE,
          TLS_USERNAME,
          TLS_VERIFY_PEER,
          CONTEXT,
          RECONNECT_DELAY,
          OPEN_TIMEOUT);

  private NbdOptions() {}

  /** Takes all of the driver's options. */
  static NbdSettings take(BlockOptions options, ObjectRegistry objects) throws BlockException {
    String host = options.take(HOST);
    String port = options.take(PORT);
    String path = options.take(PATH);
    if (path != null && host != null) {
      throw new BlockException(EINVAL, "path and host may not be used at the same time");
    }
    boolean plain = path == null && host == null;
    if (plain && port != null && !options.hasSection("server")) {
      throw new BlockException(EINVAL, "NBD server address missing");
    }
    BlockOptions server = options.section("server");
    ServerAddress address;
    boolean named = true;
    if (server.isEmpty()) {
      if (plain) {
        throw new BlockException(EINVAL, "NBD server address missing");
      }
      address =
          path != null
              ? new UnixServer(path)
              : inet(String.valueOf(host), port == null ? DEFAULT_PORT : port);
    } else {
      if (!plain || port != null) {
        throw new BlockException(EINVAL, "Cannot use 'server' and path/host/port at the same time");
      }
      named = !server.has("ipv4") && !server.has("ipv6") && !server.has("to");
      address = takeServer(server);
    }
    String export = options.take(EXPORT, "");
    checkLength("export name", export);
    TlsCredentials credentials = takeCredentials(options, objects);
    String hostname = options.take(TLS_HOSTNAME);
    if (hostname == null && address instanceof InetServer inet) {
      hostname = inet.host();
    }
    String context = options.take(CONTEXT);
    if (context != null) {
      checkLength("x-dirty-bitmap query", context);
    }
    long reconnectDelay = options.take(RECONNECT_DELAY, 0L) & 0xffff_ffffL;
    long openTimeout = options.take(OPEN_TIMEOUT, 0L) & 0xffff_ffffL;
    String exact = named ? NbdFilename.of(address, export) : null;
    return new NbdSettings(
        address, export, credentials, hostname, context, reconnectDelay, openTimeout, exact);
  }

  /** Those of an object, or of files that a URI names. */
  private static @Nullable TlsCredentials takeCredentials(
      BlockOptions options, ObjectRegistry objects) throws BlockException {
    String id = options.take(TLS_CREDS);
    String certificates = options.take(TLS_CERTIFICATES);
    String keys = options.take(TLS_PSK_FILE);
    String username = options.take(TLS_USERNAME);
    boolean verifies = options.take(TLS_VERIFY_PEER, true);
    if ((id == null ? 0 : 1) + (certificates == null ? 0 : 1) + (keys == null ? 0 : 1) > 1) {
      throw new BlockException(
          EINVAL, "tls-creds, tls-certificates and tls-psk-file may not be used together");
    }
    if (id != null) {
      return objects.credentials(id, TlsEndpoint.CLIENT);
    }
    if (certificates != null) {
      return X509Credentials.load(
          certificates, TlsEndpoint.CLIENT, verifies, true, null, TlsPriority.NORMAL);
    }
    return keys == null ? null : PskCredentials.ofFile(keys, username, TlsPriority.NORMAL);
  }

  private static void checkLength(String what, String text) throws BlockException {
    if (text.getBytes(StandardCharsets.UTF_8).length > NbdLimits.STRING) {
      throw new BlockException(EINVAL, what + " too long to send to server");
    }
  }

  private static InetServer inet(String host, String port) {
    return new InetServer(host, port, true, true, false, false);
  }

  private static ServerAddress takeServer(BlockOptions server) throws BlockException {
    String type = required(server, "type");
    ServerAddress address =
        switch (type) {
          case "inet" -> takeInet(server);
          case "unix" -> new UnixServer(required(server, "path"));
          case "vsock", "fd" ->
              throw new BlockException(
                  EOPNOTSUPP, "Servers of the type '" + type + "' are not supported");
          default ->
              throw new BlockException(
                  EINVAL, "Parameter 'type' does not accept value '" + type + "'");
        };
    for (String unexpected : server.names()) {
      throw new BlockException(EINVAL, "Parameter '" + unexpected + "' is unexpected");
    }
    return address;
  }

  private static ServerAddress takeInet(BlockOptions server) throws BlockException {
    String host = required(server, "host");
    String port = required(server, "port");
    Boolean numeric = server.takeBool("numeric");
    server.takeNumber("to"); // the last port to try, of servers only
    Boolean ipv4 = server.takeBool("ipv4");
    Boolean ipv6 = server.takeBool("ipv6");
    Boolean keepAlive = server.takeBool("keep-alive");
    // One that is asked for excludes the other, unless that is asked for as well.
    boolean four = ipv4 != null ? ipv4 : !Boolean.TRUE.equals(ipv6);
    boolean six = ipv6 != null ? ipv6 : !Boolean.TRUE.equals(ipv4);
    if (!four && !six) {
      throw new BlockException(EINVAL, "Cannot disable IPv4 and IPv6 at same time");
    }
    return new InetServer(
        host, port, four, six, Boolean.TRUE.equals(numeric), Boolean.TRUE.equals(keepAlive));
  }

  private static String required(BlockOptions server, String name) throws BlockException {
    @Nullable String value = server.takeString(name);
    if (value == null) {
      throw new BlockException(EINVAL, "Parameter '" + name + "' is missing");
    }
    return value;
  }
}
