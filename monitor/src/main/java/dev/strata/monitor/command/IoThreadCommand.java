// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;

/**
 * {@code x-blockdev-set-iothread}. A node's requests run on the threads of those who make them, and
 * never on the monitor's: whichever thread a node is to go to, it is served as from there already.
 *
 * @see IoThread
 * @see "QEMU qapi/block-core.json, x-blockdev-set-iothread"
 */
final class IoThreadCommand {
  private final Monitor monitor;

  private IoThreadCommand(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor.commands().add("x-blockdev-set-iothread", new IoThreadCommand(monitor)::set);
  }

  private JsonValue set(JsonObject arguments) throws BlockException {
    String name = required(arguments, "node-name");
    BlockNode node = monitor.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.ENOENT, "Failed to find node with node-name='" + name + "'");
    }
    if (node.usedByBackend() && !flag(arguments, "force", false)) {
      throw new BlockException(
          Errno.EBUSY,
          "Node "
              + name
              + " is associated with a BlockBackend and could be in use"
              + " (use force=true to override this check)");
    }
    if (arguments.get("iothread") instanceof JsonString(String thread)
        && !(monitor.graph().objects().find(thread) instanceof IoThread)) {
      throw new BlockException(Errno.ENOENT, "Cannot find iothread " + thread);
    }
    return new JsonObject();
  }
}
