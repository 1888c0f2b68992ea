// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Amendable;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.Optional;

/**
 * {@code x-blockdev-amend}: what {@code qemu-img amend} changes of keys, in an image that is open.
 *
 * @see "QEMU qapi/block-core.json, x-blockdev-amend"
 */
final class AmendCommand {
  private final Monitor monitor;

  private AmendCommand(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor.commands().add("x-blockdev-amend", new AmendCommand(monitor)::amend);
  }

  private JsonValue amend(JsonObject arguments) throws BlockException {
    BlockNode node = monitor.graph().requireNamed(required(arguments, "node-name"));
    if (!(arguments.get("options") instanceof JsonObject options)) {
      throw new IllegalArgumentException("the schema lets the options be left out");
    }
    if (!required(options, "driver").equals(node.driverName())) {
      throw JobArguments.invalid("x-blockdev-amend doesn't support changing the block driver");
    }
    Optional<Amendable> image = node.capability(Amendable.class);
    if (image.isEmpty()) {
      throw new BlockException(Errno.EOPNOTSUPP, "Driver does not support x-blockdev-amend");
    }
    options.remove("driver");
    String id = required(arguments, "job-id");
    monitor.jobs().checkNew(id);
    monitor.jobs().checkIdle(node);
    monitor
        .jobs()
        .start(new ImageAmendment(id, node, image.get(), options, flag(arguments, "force", false)));
    return new JsonObject();
  }
}
