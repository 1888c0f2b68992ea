// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.PortNumber;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a socket listens or leads to.
 *
 * @see "QEMU qapi/sockets.json, SocketAddressLegacy"
 */
sealed interface SocketAddress {
  /** A Unix socket. */
  record Unix(String path) implements SocketAddress {
    private static final int LONGEST = 108; // bytes, sun_path

    /** Fails for a path that is no address. */
    void check() throws BlockException {
      if (path.length() >= LONGEST) {
        throw invalid("UNIX socket path '" + path + "' is too long")
            .withHint("Path must be less than " + LONGEST + " bytes");
      }
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /**
   * TCP.
   *
   * @param last the last port that will do where a socket is to listen
   * @param four whether IPv4 will do; null if nothing is said
   * @param six whether IPv6 will do; null if nothing is said
   */
  record Inet(String host, String port, int last, @Nullable Boolean four, @Nullable Boolean six)
      implements SocketAddress {
    /** The address, with the port as it is given. */
    InetSocketAddress resolve() throws BlockException {
      int number = PortNumber.parse(host, port);
      InetAddress[] found;
      try {
        found =
            host.isEmpty()
                ? new InetAddress[] {InetAddress.ofLiteral("0.0.0.0")}
                : InetAddress.getAllByName(host);
      } catch (UnknownHostException e) {
        throw unresolved("Name or service not known").causedBy(e);
      }
      boolean anySix = six == null ? four == null || !four : six;
      boolean anyFour = four == null ? six == null || !six : four;
      for (InetAddress each : found) {
        if (each instanceof Inet4Address ? anyFour : anySix) {
          return new InetSocketAddress(each, number);
        }
      }
      throw unresolved("Address family for hostname not supported");
    }

    private BlockException unresolved(String why) {
      return invalid("address resolution failed for " + host + ":" + port + ": " + why);
    }

    @Override
    public String toString() {
      return "tcp:" + host + ":" + port;
    }
  }

  /** A socket that whoever started this process left open for it. */
  record Inherited(int number) implements SocketAddress {
    @Override
    public String toString() {
      return "fd:" + number;
    }
  }

  /**
   * What the schema's {@code SocketAddressLegacy} says.
   *
   * @param fromMonitor whether a client says it, who cannot know this process's descriptors
   */
  static SocketAddress of(JsonObject address, boolean fromMonitor) throws BlockException {
    if (!(address.get("data") instanceof JsonObject data)) {
      throw new IllegalArgumentException("the schema lets the address be left out");
    }
    return switch (String.valueOf(address.string("type"))) {
      case "unix" -> {
        requireOnly(data, Set.of("path", "tight"));
        var unix = new Unix(text(data, "path"));
        unix.check();
        yield unix;
      }
      case "inet" -> inet(data);
      case "fd" -> inherited(text(data, "str"), fromMonitor);
      default -> throw unsupported("vsock");
    };
  }

  private static Inet inet(JsonObject data) throws BlockException {
    requireOnly(data, Set.of("host", "port", "to", "ipv4", "ipv6", "numeric"));
    String port = text(data, "port");
    int last = data.get("to") instanceof JsonNumber given ? (int) given.bits() : 0;
    return new Inet(text(data, "host"), port, last, flag(data, "ipv4"), flag(data, "ipv6"));
  }

  private static Inherited inherited(String number, boolean fromMonitor) throws BlockException {
    if (fromMonitor) {
      throw invalid("only QEMU supports file descriptor passing");
    }
    try {
      int parsed = Integer.parseInt(number);
      if (parsed >= 0) {
        return new Inherited(parsed);
      }
    } catch (NumberFormatException e) {
      throw invalid("Unable to parse FD number " + number).causedBy(e);
    }
    throw invalid("Unable to parse FD number " + number);
  }

  private static String text(JsonObject data, String name) {
    return String.valueOf(data.string(name));
  }

  private static @Nullable Boolean flag(JsonObject data, String name) {
    return data.get(name) instanceof JsonBool(boolean value) ? value : null;
  }

  private static void requireOnly(JsonObject data, Set<String> known) throws BlockException {
    for (String name : data.keys()) {
      boolean off = data.get(name) instanceof JsonBool(boolean value) && !value;
      if (!known.contains(name) && !off) {
        throw unsupported(name);
      }
    }
  }

  private static BlockException unsupported(String what) {
    return new BlockException(
        Errno.EOPNOTSUPP, "Strata does not support '" + what + "' in a socket's address");
  }

  private static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
