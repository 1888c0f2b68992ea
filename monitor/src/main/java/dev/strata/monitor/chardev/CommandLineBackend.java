// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --chardev} says, as the schema's {@code ChardevBackend}.
 *
 * @param id the device's
 * @param backend its type and data
 * @see "QEMU docs/tools/qemu-storage-daemon, --chardev"
 */
public record CommandLineBackend(String id, JsonObject backend) {

  /**
   * Reads {@code [backend=]KIND,id=ID,…}.
   *
   * @param notes takes a line for the user; null for none
   */
  public static CommandLineBackend parse(String argument, @Nullable Consumer<String> notes)
      throws BlockException {
    return of(OptionString.parse(argument, "backend", notes));
  }

  /**
   * Reads the short form that options for one device have: {@code stdio}, {@code null}, {@code
   * file:PATH}, {@code unix:PATH,…}, {@code tcp:HOST:PORT,…}.
   *
   * @param id the device's
   */
  public static CommandLineBackend ofShort(String id, String text) throws BlockException {
    BlockOptions options;
    if (text.startsWith("file:")) {
      options = new BlockOptions();
      options.put("backend", "file");
      options.put("path", text.substring("file:".length()));
    } else if (text.startsWith("unix:")) {
      options = OptionString.parse(text.substring("unix:".length()), "path", null);
      options.put("backend", "socket");
    } else if (text.startsWith("tcp:")) {
      options = internet(text, text.substring("tcp:".length()));
    } else if (text.equals("stdio") || text.equals("null")) {
      options = new BlockOptions();
      options.put("backend", text);
    } else {
      throw invalid("'" + text + "' is not a valid char driver");
    }
    options.put("id", id);
    return of(options);
  }

  /** An IPv6 host stands in brackets. */
  private static BlockOptions internet(String text, String address) throws BlockException {
    int from = address.startsWith("[") ? Math.max(address.indexOf(']'), 0) : 0;
    int colon = address.indexOf(':', from);
    if (colon < 0) {
      throw invalid("'" + text + "' is not a valid char driver");
    }
    BlockOptions options = OptionString.parse(address.substring(colon + 1), "port", null);
    String host = address.substring(0, colon);
    options.put("host", from > 0 ? host.substring(1, from) : host);
    options.put("backend", "socket");
    return options;
  }

  /** Reads what {@link #parse} does, in options of its own. */
  public static CommandLineBackend of(BlockOptions options) throws BlockException {
    String id = options.takeString("id");
    if (id != null && !OptionString.isIdentifier(id)) {
      throw invalid("Parameter 'id' expects an identifier")
          .withHint(
              "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
    }
    String kind = options.takeString("backend");
    if (kind == null) {
      throw invalid("chardev: \"" + (id == null ? "" : id) + "\" missing backend");
    }
    if (id == null) {
      throw invalid("chardev: no id specified");
    }
    var data = new JsonObject();
    switch (kind) {
      case "socket" -> socket(options, data);
      case "file" -> file(options, data);
      case "ringbuf", "memory" -> {
        Long size = options.takeSize("size");
        if (size != null) {
          data.put("size", size);
        }
      }
      case "stdio" -> flag(options, "signal", "signal", data);
      default -> {
        if (!Backend.KINDS.contains(kind)) {
          throw invalid("'" + kind + "' is not a valid char driver name");
        }
      }
    }
    for (String name : options.names()) {
      throw invalid("Invalid parameter '" + name + "'");
    }
    return new CommandLineBackend(id, new JsonObject().put("type", kind).put("data", data));
  }

  private static void file(BlockOptions options, JsonObject data) throws BlockException {
    String path = options.takeString("path");
    if (path == null) {
      throw invalid("chardev: file: no filename given");
    }
    data.put("out", path);
    String in = options.takeString("input-path");
    if (in != null) {
      data.put("in", in);
    }
    flag(options, "append", "append", data);
  }

  private static void socket(BlockOptions options, JsonObject data) throws BlockException {
    data.put("addr", address(options));
    Boolean server = options.takeBool("server");
    boolean listens = server != null && server;
    data.put("server", listens);
    Boolean waits = options.takeBool("wait");
    if (waits != null || listens) {
      data.put("wait", waits == null || waits);
    }
    flag(options, "nodelay", "nodelay", data);
    Boolean delays = options.takeBool("delay");
    if (delays != null) {
      data.put("nodelay", !delays);
    }
    flag(options, "telnet", "telnet", data);
    flag(options, "tn3270", "tn3270", data);
    flag(options, "websocket", "websocket", data);
    for (String name : new String[] {"tls-creds", "tls-authz"}) {
      String value = options.takeString(name);
      if (value != null) {
        data.put(name, value);
      }
    }
    Long reconnect = options.takeNumber("reconnect");
    if (reconnect != null) {
      data.put("reconnect", reconnect);
    }
  }

  private static JsonObject address(BlockOptions options) throws BlockException {
    String path = options.takeString("path");
    String host = options.takeString("host");
    String port = options.takeString("port");
    String fd = options.takeString("fd");
    if ((path == null ? 0 : 1) + (host == null ? 0 : 1) + (fd == null ? 0 : 1) > 1) {
      throw invalid("None or one of 'path', 'fd' or 'host' option required.");
    }
    if (host != null && port == null) {
      throw invalid("chardev: socket: no port given");
    }
    var unix = new JsonObject();
    flag(options, "abstract", "abstract", unix);
    flag(options, "tight", "tight", unix);
    var inet = new JsonObject();
    flag(options, "ipv4", "ipv4", inet);
    flag(options, "ipv6", "ipv6", inet);
    Long last = options.takeNumber("to");
    if (last != null) {
      inet.put("to", last);
    }
    if (path != null) {
      return typed("unix", unix.put("path", path));
    }
    if (host != null) {
      return typed("inet", inet.put("host", host).put("port", String.valueOf(port)));
    }
    return typed("fd", new JsonObject().put("str", fd == null ? "" : fd));
  }

  private static JsonObject typed(String type, JsonObject data) {
    return new JsonObject().put("type", type).put("data", data);
  }

  private static void flag(BlockOptions options, String name, String member, JsonObject data)
      throws BlockException {
    Boolean value = options.takeBool(name);
    if (value != null) {
      data.put(member, value);
    }
  }

  private static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
