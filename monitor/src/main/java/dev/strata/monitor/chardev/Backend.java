// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Makes devices after the schema's {@code ChardevBackend}.
 *
 * @param fromMonitor whether a client asks for them, and not the command line
 * @param notes takes a line for the user
 * @see "QEMU qapi/char.json, ChardevBackend"
 */
public record Backend(boolean fromMonitor, Consumer<String> notes) {
  /** The kinds that there are. */
  public static final List<String> KINDS =
      List.of("null", "ringbuf", "stdio", "socket", "file", "memory");

  private static final long DEFAULT_RING = 65536;

  /**
   * A device.
   *
   * @param backend its type and data, checked by the schema
   */
  CharacterDevice open(String id, JsonObject backend) throws BlockException {
    if (!(backend.get("data") instanceof JsonObject data)) {
      throw new IllegalArgumentException("the schema lets the data be left out");
    }
    String kind = String.valueOf(backend.string("type"));
    return switch (kind) {
      case "null" -> {
        requireOnly(data, Set.of());
        yield new NullDevice();
      }
      case "stdio" -> {
        requireOnly(data, Set.of("signal"));
        yield new StandardDevice(flag(data, "signal", true));
      }
      case "ringbuf", "memory" -> {
        requireOnly(data, Set.of("size"));
        yield RingBuffer.of(kind, number(data, "size", DEFAULT_RING));
      }
      case "file" -> {
        requireOnly(data, Set.of("in", "out", "append"));
        String in = data.string("in");
        yield FileDevice.open(
            in == null ? "" : in, String.valueOf(data.string("out")), flag(data, "append", false));
      }
      case "socket" -> socket(id, data);
      default ->
          throw new BlockException(Errno.EINVAL, "'" + kind + "' is not a valid char driver name");
    };
  }

  private CharacterDevice socket(String id, JsonObject data) throws BlockException {
    requireOnly(data, Set.of("addr", "server", "wait", "nodelay", "reconnect"));
    boolean server = flag(data, "server", true);
    long reconnect = number(data, "reconnect", 0);
    if (server && reconnect > 0) {
      throw invalid("'reconnect' option is incompatible with socket in server listen mode");
    }
    if (!server && data.has("wait")) {
      throw invalid("'wait' option is incompatible with socket in client connect mode");
    }
    if (!(data.get("addr") instanceof JsonObject where)) {
      throw new IllegalArgumentException("the schema lets the address be left out");
    }
    SocketAddress address = SocketAddress.of(where, fromMonitor);
    boolean nodelay = flag(data, "nodelay", false);
    if (!server) {
      return ConnectingSocket.open(id, address, nodelay, Math.max(reconnect, 0), notes);
    }
    ListeningSocket listening = ListeningSocket.open(address, nodelay);
    if (flag(data, "wait", false)) {
      notes.accept("info: QEMU waiting for connection on: " + listening.filename());
      try {
        listening.waitForClient();
      } catch (BlockException e) {
        listening.close();
        throw e;
      }
    }
    return listening;
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
        Errno.EOPNOTSUPP, "Strata does not support '" + what + "' of a character device");
  }

  private static boolean flag(JsonObject data, String name, boolean otherwise) {
    return data.get(name) instanceof JsonBool(boolean value) ? value : otherwise;
  }

  private static long number(JsonObject data, String name, long otherwise) {
    return data.get(name) instanceof JsonNumber given ? given.bits() : otherwise;
  }

  private static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
