// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.flag;
import static dev.strata.monitor.daemon.Daemon.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;

/**
 * What is known of requests. Counts are of a guest's devices, of which there are none here: of a
 * node it is only known how far it was written.
 *
 * @see "QEMU qapi/block-core.json, query-blockstats and block-set-write-threshold"
 */
final class StatisticsCommands {
  private static final List<String> COUNTS =
      List.of(
          "rd_bytes",
          "wr_bytes",
          "unmap_bytes",
          "rd_operations",
          "wr_operations",
          "flush_operations",
          "unmap_operations",
          "rd_total_time_ns",
          "wr_total_time_ns",
          "flush_total_time_ns",
          "unmap_total_time_ns",
          "rd_merged",
          "wr_merged",
          "unmap_merged",
          "failed_rd_operations",
          "failed_wr_operations",
          "failed_flush_operations",
          "failed_unmap_operations",
          "invalid_rd_operations",
          "invalid_wr_operations",
          "invalid_flush_operations",
          "invalid_unmap_operations");

  private final Daemon daemon;

  private StatisticsCommands(Daemon daemon) {
    this.daemon = daemon;
  }

  static void contribute(Daemon daemon) {
    var own = new StatisticsCommands(daemon);
    daemon.commands().add("query-block", arguments -> new JsonArray()); // devices, not nodes
    daemon.commands().add("query-blockstats", own::statistics);
    daemon.commands().add("block-set-write-threshold", own::threshold);
  }

  private JsonValue statistics(JsonObject arguments) {
    var all = new JsonArray();
    if (flag(arguments, "query-nodes", false)) {
      for (BlockNode node : daemon.graph().nodes().reversed()) {
        all.add(of(node).put("node-name", node.name()));
      }
    }
    return all;
  }

  private static JsonObject of(BlockNode node) {
    var stats = new JsonObject();
    for (String count : COUNTS) {
      stats.put(count, 0);
    }
    stats.put("wr_highest_offset", node.highestWrite());
    stats.put("account_invalid", false);
    stats.put("account_failed", false);
    stats.put("timed_stats", new JsonArray());
    var json = new JsonObject().put("stats", stats);
    for (Edge edge : node.edges()) {
      if (edge == node.backing()) {
        json.put("backing", of(edge.node()).put("node-name", edge.node().name()));
      } else if (edge.name().equals("file")) {
        json.put("parent", of(edge.node()).put("node-name", edge.node().name()));
      }
    }
    return json;
  }

  private JsonValue threshold(JsonObject arguments) throws BlockException {
    String name = required(arguments, "node-name");
    BlockNode node = daemon.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + name + "' not found");
    }
    long threshold =
        arguments.get("write-threshold") instanceof JsonNumber given ? given.bits() : 0;
    node.writeThreshold(
        threshold,
        exceeded ->
            daemon
                .events()
                .emit(
                    "BLOCK_WRITE_THRESHOLD",
                    new JsonObject()
                        .put("node-name", name)
                        .put("amount-exceeded", JsonNumber.ofUnsigned(exceeded))
                        .put("write-threshold", JsonNumber.ofUnsigned(threshold))));
    return new JsonObject();
  }
}
