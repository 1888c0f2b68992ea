// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;

/**
 * {@code block-export-add} and its kin.
 *
 * @see "QEMU qapi/block-export.json"
 */
final class ExportCommands {
  private final Monitor monitor;

  private ExportCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var commands = new ExportCommands(monitor);
    monitor.commands().add("block-export-add", commands::add);
    monitor.commands().add("block-export-del", commands::delete);
    monitor.commands().add("query-block-exports", arguments -> monitor.exports().describe());
  }

  private JsonValue add(JsonObject arguments) throws BlockException {
    monitor.exports().add(monitor, arguments, true);
    return new JsonObject();
  }

  private JsonValue delete(JsonObject arguments) throws BlockException {
    boolean byForce = "hard".equals(arguments.string("mode"));
    monitor.exports().delete(monitor, required(arguments, "id"), byForce);
    return new JsonObject();
  }
}
