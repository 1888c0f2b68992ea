// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.posix.Posix;
import dev.strata.block.posix.UnixListener;
import dev.strata.monitor.vhost.VhostDisk;
import dev.strata.monitor.vhost.VhostUserServer;
import java.util.EnumSet;
import java.util.function.Consumer;

/**
 * Nodes on a Unix socket for the guests of other processes.
 *
 * @see "QEMU qapi/block-export.json, BlockExportOptionsVhostUserBlk"
 */
final class VhostUserExport implements RunningExport {
  /** The name of the type. */
  static final String TYPE = "vhost-user-blk";

  private static final int LEAST_BLOCK = 512;
  private static final int MOST_BLOCK = 2 << 20;

  private final VhostUserServer server;

  private VhostUserExport(VhostUserServer server) {
    this.server = server;
  }

  /**
   * Offers the type.
   *
   * @param notes takes a line for the user
   */
  static void contribute(Monitor monitor, Consumer<String> notes) {
    monitor
        .exports()
        .offer(
            TYPE,
            (node, arguments, fromMonitor) -> start(monitor, node, arguments, fromMonitor, notes));
  }

  private static VhostUserExport start(
      Monitor monitor,
      BlockNode node,
      JsonObject arguments,
      boolean fromMonitor,
      Consumer<String> notes)
      throws BlockException {
    String id = required(arguments, "id");
    String unavailable = Posix.unavailableReason();
    if (unavailable != null) {
      throw new BlockException(Errno.EOPNOTSUPP, unavailable);
    }
    boolean writable = flag(arguments, "writable", false);
    BlockBackend backend = monitor.graph().use(node, "", permissions(writable));
    try {
      var disk =
          new VhostDisk(
              id,
              backend,
              !writable,
              blockSize(id, arguments),
              queues(arguments),
              flag(arguments, "writethrough", false));
      UnixListener listener = listener(arguments, fromMonitor);
      return new VhostUserExport(VhostUserServer.start(disk, listener, notes));
    } catch (BlockException e) {
      backend.close();
      throw e;
    }
  }

  private static Permissions permissions(boolean writable) {
    var needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (writable) {
      needed.add(Permission.WRITE);
    }
    // A guest that asks again sees the disk's new size.
    return new Permissions(needed, EnumSet.allOf(Permission.class));
  }

  private static int blockSize(String id, JsonObject arguments) throws BlockException {
    long size =
        arguments.get("logical-block-size") instanceof JsonNumber given
            ? given.bits()
            : LEAST_BLOCK;
    if (size == 0) {
      return 0; // the reference lets it pass, and tells guests so
    }
    String property = "Property " + id + ".logical-block-size doesn't take value ";
    if (size < LEAST_BLOCK || size > MOST_BLOCK) {
      throw new BlockException(
          Errno.EINVAL,
          property + size + " (minimum: " + LEAST_BLOCK + ", maximum: " + MOST_BLOCK + ")");
    }
    if (Long.bitCount(size) != 1) {
      throw new BlockException(Errno.EINVAL, property + "'" + size + "', it's not a power of 2");
    }
    return (int) size;
  }

  private static int queues(JsonObject arguments) throws BlockException {
    int queues = arguments.get("num-queues") instanceof JsonNumber given ? (int) given.bits() : 1;
    if (queues < 1 || queues > VhostDisk.MOST_QUEUES) {
      throw new BlockException(Errno.EINVAL, "num-queues must be greater than 0");
    }
    return queues;
  }

  private static UnixListener listener(JsonObject arguments, boolean fromMonitor)
      throws BlockException {
    if (!(arguments.get("addr") instanceof JsonObject address)) {
      throw new IllegalArgumentException("the schema lets the address be left out");
    }
    return switch (required(address, "type")) {
      case "unix" -> {
        if (flag(address, "abstract", false)) {
          throw new BlockException(
              Errno.EOPNOTSUPP, "Strata does not support 'abstract' in a socket's address");
        }
        yield UnixListener.bind(required(address, "path"));
      }
      case "fd" -> UnixListener.inherited(inherited(required(address, "str"), fromMonitor));
      default ->
          throw new BlockException(
              Errno.EINVAL, "Only socket address types 'unix' and 'fd' are supported");
    };
  }

  private static int inherited(String number, boolean fromMonitor) throws BlockException {
    if (fromMonitor) {
      throw new BlockException(Errno.EINVAL, "only QEMU supports file descriptor passing");
    }
    try {
      int parsed = Integer.parseInt(number);
      if (parsed >= 0) {
        return parsed;
      }
    } catch (NumberFormatException e) {
      throw unparsed(number).causedBy(e);
    }
    throw unparsed(number);
  }

  private static BlockException unparsed(String number) {
    return new BlockException(Errno.EINVAL, "Unable to parse FD number " + number);
  }

  @Override
  public BlockBackend disk() {
    return server.disk().disk();
  }

  /** A client that is there is no reason to stay: the reference sends it away too. */
  @Override
  public boolean stop(boolean byForce) throws BlockException {
    server.end();
    return true;
  }
}
