// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told of a node.
 *
 * @see "QEMU qapi/block-core.json, BlockDeviceInfo and ImageInfo"
 */
public final class NodeDescription {
  private NodeDescription() {}

  /**
   * As {@code BlockDeviceInfo}.
   *
   * @param flat whether the images below are left out
   */
  static JsonObject of(BlockNode node, boolean flat) throws BlockException {
    var json = new JsonObject();
    for (String limit : List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")) {
      json.put(limit, 0);
    }
    json.put("detect_zeroes", node.detectZeroes().name().toLowerCase(Locale.ROOT));
    json.put("image", image(node, flat));
    json.put("ro", !node.flags().writable());
    json.put("node-name", node.name());
    json.put("drv", node.driverName());
    Edge backing = node.backing();
    if (backing != null) {
      json.put("backing_file", backing.node().filename());
    }
    json.put("write_threshold", node.writeThreshold());
    json.put("file", node.filename());
    Optional<ImageInfo> info = node.capability(ImageInfo.class);
    boolean ownInfo = node.clusterHolder() == node;
    json.put("encrypted", ownInfo && info.isPresent() && info.get().encrypted());
    json.put(
        "cache",
        new JsonObject()
            .put("writeback", true)
            .put("direct", node.flags().direct())
            .put("no-flush", node.flags().noFlush()));
    long depth = 0;
    for (Edge edge = node.backing(); edge != null; edge = edge.node().backing()) {
      depth++;
    }
    json.put("backing_file_depth", depth);
    List<DirtyBitmap> bitmaps = node.bitmaps().all();
    if (!bitmaps.isEmpty()) {
      var array = new JsonArray();
      for (DirtyBitmap bitmap : bitmaps.reversed()) {
        array.add(bitmap(bitmap));
      }
      json.put("dirty-bitmaps", array);
    }
    return json;
  }

  /** Says of a guest's drive with that node whether its writes wait for stable storage. */
  static void writeThrough(JsonObject json, BlockBackend drive) {
    if (drive.writeThrough() && json.get("cache") instanceof JsonObject cache) {
      cache.put("writeback", false);
    }
  }

  /** Adds the limits of a guest's drive with that node, if it has any. */
  static void limits(JsonObject json, @Nullable ThrottleGroup group) {
    if (group == null) {
      return;
    }
    ThrottleLimits limits = group.limits();
    for (Meter meter : Meter.values()) {
      String name = name(meter);
      json.put(name, limits.average(meter));
      if (limits.max(meter) != 0) {
        json.put(name + "_max", limits.max(meter));
        json.put(name + "_max_length", limits.maxSeconds(meter));
      }
    }
    if (limits.operationSize() != 0) {
      json.put("iops_size", limits.operationSize());
    }
    json.put("group", group.name());
  }

  /** What QMP calls a limit. */
  public static String name(Meter meter) {
    return switch (meter) {
      case BPS_TOTAL -> "bps";
      case BPS_READ -> "bps_rd";
      case BPS_WRITE -> "bps_wr";
      case IOPS_TOTAL -> "iops";
      case IOPS_READ -> "iops_rd";
      case IOPS_WRITE -> "iops_wr";
    };
  }

  private static JsonObject bitmap(DirtyBitmap bitmap) {
    var json = new JsonObject();
    json.put("name", bitmap.name());
    json.put("recording", bitmap.enabled());
    json.put("persistent", bitmap.persistent());
    json.put("busy", bitmap.busy());
    json.put("granularity", bitmap.granularity());
    json.put("count", bitmap.count());
    if (bitmap.inconsistent()) {
      json.put("inconsistent", true);
    }
    return json;
  }

  private static JsonObject image(BlockNode node, boolean flat) throws BlockException {
    BlockNode holder = node.clusterHolder();
    Optional<ImageInfo> info =
        holder == null ? Optional.empty() : holder.capability(ImageInfo.class);
    var json = new JsonObject();
    json.put("virtual-size", node.length());
    json.put("filename", node.filename());
    if (info.isPresent() && info.get().clusterSize() > 0) {
      json.put("cluster-size", info.get().clusterSize());
    }
    json.put("format", node.driverName());
    long allocated = node.allocatedSize();
    if (allocated >= 0) {
      json.put("actual-size", allocated);
    }
    if (info.isPresent() && holder == node) {
      JsonValue specific = info.get().formatSpecific();
      if (specific != null) {
        json.put("format-specific", specific);
      }
      if (info.get().encrypted()) {
        json.put("encrypted", true);
      }
    }
    Optional<SnapshotStore> store = node.capability(SnapshotStore.class);
    if (store.isPresent() && !store.get().snapshots().isEmpty()) {
      var array = new JsonArray();
      store.get().snapshots().forEach(snapshot -> array.add(snapshot.toJson()));
      json.put("snapshots", array);
    }
    BackingReference named = node.namedBacking();
    if (named != null) {
      json.put("backing-filename", named.filename());
      String full = node.fullBackingFilename();
      if (full != null) {
        json.put("full-backing-filename", full);
      }
      if (named.format() != null) {
        json.put("backing-filename-format", named.format());
      }
    }
    if (holder != null) {
      json.put("dirty-flag", info.isPresent() && info.get().dirty());
    }
    Edge backing = node.backing();
    if (!flat && backing != null) {
      json.put("backing-image", image(backing.node(), false));
    }
    return json;
  }
}
