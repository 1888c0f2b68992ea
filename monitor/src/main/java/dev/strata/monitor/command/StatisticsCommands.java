// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;

/**
 * The guest's drives, and what is known of requests: of a node, how far it was written.
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

  private final Monitor monitor;

  private StatisticsCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new StatisticsCommands(monitor);
    monitor.commands().add("query-block", arguments -> own.drives());
    monitor.commands().add("query-blockstats", own::statistics);
    monitor.commands().add("block-set-write-threshold", own::threshold);
  }

  private JsonValue drives() throws BlockException {
    var all = new JsonArray();
    for (GuestDrives.Drive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      String device = drive.device();
      var json = new JsonObject();
      if (device != null && medium != null) {
        json.put("io-status", "ok");
      }
      json.put("device", drive.name()).put("locked", false).put("removable", drive.removable());
      if (medium != null) {
        JsonObject inserted = NodeDescription.of(medium.node(), false);
        NodeDescription.limits(inserted, medium.throttleGroup());
        json.put("inserted", inserted);
      }
      if (device != null) {
        json.put("qdev", device);
      }
      if (drive.tray()) {
        json.put("tray_open", false);
      }
      all.add(json.put("type", "unknown"));
    }
    return all;
  }

  private JsonValue statistics(JsonObject arguments) {
    var all = new JsonArray();
    if (flag(arguments, "query-nodes", false)) {
      for (BlockNode node : monitor.graph().nodes().reversed()) {
        all.add(of(node).put("node-name", node.name()));
      }
      return all;
    }
    for (GuestDrives.Drive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      String device = drive.device();
      var json = new JsonObject().put("device", drive.name());
      JsonObject counts = medium == null ? empty() : of(medium.node(), true);
      counts.members().forEach(json::put);
      if (medium != null) {
        json.put("node-name", medium.node().name());
      }
      if (device != null) {
        json.put("qdev", device);
      }
      all.add(json);
    }
    return all;
  }

  private static JsonObject empty() {
    return new JsonObject().put("stats", counts(0, true));
  }

  private static JsonObject counts(long highestWrite, boolean ofDrive) {
    var stats = new JsonObject();
    for (String count : COUNTS) {
      stats.put(count, 0);
    }
    stats.put("wr_highest_offset", highestWrite);
    stats.put("account_invalid", ofDrive);
    stats.put("account_failed", ofDrive);
    stats.put("timed_stats", new JsonArray());
    return stats;
  }

  private static JsonObject of(BlockNode node) {
    return of(node, false);
  }

  private static JsonObject of(BlockNode node, boolean ofDrive) {
    var json = new JsonObject().put("stats", counts(node.highestWrite(), ofDrive));
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
    BlockNode node = monitor.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + name + "' not found");
    }
    node.writeThreshold(
        arguments.get("write-threshold") instanceof JsonNumber given ? given.bits() : 0);
    return new JsonObject();
  }
}
