// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code transaction}: actions at one moment of all their nodes, or none.
 *
 * @see "QEMU qapi/transaction.json"
 */
final class TransactionCommand {
  private static final List<String> NODES =
      List.of("node", "overlay", "device", "target", "node-name");

  private final Monitor monitor;

  private TransactionCommand(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor.commands().add("transaction", new TransactionCommand(monitor)::run);
  }

  private JsonValue run(JsonObject arguments) throws BlockException {
    var actions = new ArrayList<JsonObject>();
    if (arguments.get("actions") instanceof JsonArray given) {
      for (JsonValue each : given) {
        if (each instanceof JsonObject action) {
          actions.add(action);
        }
      }
    }
    boolean grouped =
        arguments.get("properties") instanceof JsonObject properties
            && "grouped".equals(properties.string("completion-mode"));
    monitor
        .graph()
        .quiesced(
            nodes(actions),
            () -> {
              var transaction = new Transaction(monitor, grouped);
              try {
                for (JsonObject action : actions) {
                  transaction.prepare(required(action, "type"), data(action));
                }
              } catch (BlockException e) {
                transaction.abort(e);
                throw e;
              }
              transaction.commit();
            });
    return new JsonObject();
  }

  private static JsonObject data(JsonObject action) {
    return action.get("data") instanceof JsonObject data ? data : new JsonObject();
  }

  /** All that the actions name and that there are. */
  private List<BlockNode> nodes(List<JsonObject> actions) {
    Set<BlockNode> found = new LinkedHashSet<>();
    for (JsonObject action : actions) {
      for (String member : NODES) {
        if (data(action).get(member) instanceof JsonString(String name)) {
          BlockNode node = monitor.find(name);
          if (node != null) {
            found.add(node);
          }
        }
      }
    }
    return List.copyOf(found);
  }
}
