// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.DriveCounts;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.LatencyHistogram;
import dev.strata.block.drive.MediumSlot;
import dev.strata.block.driver.DiscardCounts;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.IoStatus;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;

/**
 * The guest's drives, and what is known of requests: of a node, how far it was written.
 *
 * @see "QEMU qapi/block-core.json, query-blockstats and block-set-write-threshold"
 */
final class StatisticsCommands {
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
    for (GuestDrive drive : monitor.drives().all()) {
      all.add(of(drive));
    }
    return all;
  }

  private static JsonObject of(GuestDrive drive) throws BlockException {
    BlockBackend medium = drive.medium();
    String device = GuestDrives.device(drive);
    IoStatus status = drive.ioStatus();
    MediumSlot slot = drive.slot();
    var json = new JsonObject();
    if (status != null) {
      json.put("io-status", status.word());
    }
    json.put("device", drive.name()).put("locked", slot.isLocked());
    json.put("removable", slot.kind() != MediumSlot.Kind.FIXED);
    if (medium != null) {
      JsonObject inserted = NodeDescription.of(medium.node().skipImplicit(), false);
      NodeDescription.writeThrough(inserted, medium);
      NodeDescription.limits(inserted, medium.throttleGroup());
      json.put("inserted", inserted);
    }
    if (device != null) {
      json.put("qdev", device);
    }
    if (slot.kind() == MediumSlot.Kind.TRAY) {
      json.put("tray_open", slot.isOpen());
    }
    return json.put("type", "unknown");
  }

  private JsonValue statistics(JsonObject arguments) {
    var all = new JsonArray();
    if (flag(arguments, "query-nodes", false)) {
      for (BlockNode node : monitor.graph().nodes().reversed()) {
        all.add(of(node).put("node-name", node.name()));
      }
      return all;
    }
    for (GuestDrive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      String device = GuestDrives.device(drive);
      var json = new JsonObject().put("device", drive.name());
      BlockNode node = medium == null ? null : medium.node().skipImplicit();
      json.put("stats", counts(drive, node == null ? 0 : node.highestWrite()));
      if (node != null) {
        addSpecific(json, node);
        addChildren(json, node);
        json.put("node-name", node.name());
      }
      if (device != null) {
        json.put("qdev", device);
      }
      all.add(json);
    }
    return all;
  }

  private static JsonObject counts(GuestDrive drive, long highestWrite) {
    DriveCounts counts = drive.counts();
    DriveCounts.Reading now = counts.read();
    var stats = new JsonObject();
    for (Access access : Access.values()) {
      String kind = access.word();
      stats.put(kind + "_operations", now.operations(access));
      stats.put(kind + "_total_time_ns", now.nanos(access));
      stats.put("failed_" + kind + "_operations", now.failed(access));
      stats.put("invalid_" + kind + "_operations", now.invalid(access));
      if (access != Access.FLUSH) {
        stats.put(kind + "_bytes", now.bytes(access));
        stats.put(kind + "_merged", 0);
      }
      LatencyHistogram histogram = now.histogram(access);
      if (histogram != null) {
        stats.put(kind + "_latency_histogram", histogram(histogram));
      }
    }
    stats.put("wr_highest_offset", highestWrite);
    stats.put("account_invalid", counts.accountInvalid());
    stats.put("account_failed", counts.accountFailed());
    stats.put("timed_stats", new JsonArray());
    if (now.idleNanos() >= 0) {
      stats.put("idle_time_ns", now.idleNanos());
    }
    return stats;
  }

  private static JsonObject histogram(LatencyHistogram histogram) {
    return new JsonObject()
        .put("bins", numbers(histogram.bins()))
        .put("boundaries", numbers(histogram.boundaries()));
  }

  private static JsonArray numbers(long[] values) {
    var array = new JsonArray();
    for (long value : values) {
      array.add(JsonNumber.ofUnsigned(value));
    }
    return array;
  }

  /** Of a node it is known how far it was written. */
  private static JsonObject of(BlockNode node) {
    var stats = new JsonObject();
    for (Access access : Access.values()) {
      String kind = access.word();
      stats.put(kind + "_operations", 0);
      stats.put(kind + "_total_time_ns", 0);
      stats.put("failed_" + kind + "_operations", 0);
      stats.put("invalid_" + kind + "_operations", 0);
      if (access != Access.FLUSH) {
        stats.put(kind + "_bytes", 0);
        stats.put(kind + "_merged", 0);
      }
    }
    stats.put("wr_highest_offset", node.highestWrite());
    stats.put("account_invalid", false);
    stats.put("account_failed", false);
    stats.put("timed_stats", new JsonArray());
    var json = new JsonObject().put("stats", stats);
    addSpecific(json, node);
    addChildren(json, node);
    return json;
  }

  /** A file of the host knows of its discards. */
  private static void addSpecific(JsonObject json, BlockNode node) {
    DiscardCounts counts = node.capability(DiscardCounts.class).orElse(null);
    if (counts == null || !node.edges().isEmpty()) {
      return;
    }
    json.put(
        "driver-specific",
        new JsonObject()
            .put("driver", node.driverName())
            .put("discard-nb-ok", counts.discards())
            .put("discard-nb-failed", counts.failedDiscards())
            .put("discard-bytes-ok", counts.discardedBytes()));
  }

  private static void addChildren(JsonObject json, BlockNode node) {
    for (Edge edge : node.edges()) {
      if (edge == node.backing()) {
        json.put("backing", of(edge.node()).put("node-name", edge.node().name()));
      } else if (edge.role() == EdgeRole.FILTERED || edge.name().equals("file")) {
        // The reference tells of what a filter is over twice, at each filter.
        json.put("parent", of(edge.node()).put("node-name", edge.node().name()));
      }
    }
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
