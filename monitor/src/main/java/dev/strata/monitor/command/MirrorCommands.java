// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.JobArguments.invalid;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.mirror.MirrorJob;
import dev.strata.block.job.mirror.MirrorPlan;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code blockdev-mirror}.
 *
 * @see "QEMU qapi/block-core.json, blockdev-mirror"
 */
final class MirrorCommands {
  private static final long MIN_GRANULARITY = 512;
  private static final long MAX_GRANULARITY = 64 << 20;
  private static final long MIN_DEFAULT_GRANULARITY = 4096;
  private static final long DEFAULT_GRANULARITY = 64 << 10;
  private static final long DEFAULT_BUFFER = 16 << 20;

  private final Monitor monitor;

  MirrorCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor.commands().add("blockdev-mirror", new MirrorCommands(monitor)::mirror);
  }

  private JsonValue mirror(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = monitor.node(device, device);
    monitor.requireRoot(source);
    String targetName = required(arguments, "target");
    return begin(arguments, source, monitor.node(targetName, targetName), false);
  }

  /**
   * Begins a job.
   *
   * @param fresh whether the target has been made for this: nothing is in it yet, and if only
   *     writes are mirrored it goes over the source when it takes its place
   */
  JsonValue begin(JsonObject arguments, BlockNode source, BlockNode target, boolean fresh)
      throws BlockException {
    long granularity = granularity(arguments, target);
    if (source == target) {
      throw invalid("Can't mirror node into itself");
    }
    requireUnused(target);
    BlockNode replaced = replaced(arguments, source);
    MirrorPlan.Sync sync = sync(arguments, source, fresh ? target : null);
    long buffer = JobArguments.number(arguments, "buf-size", 0);
    if (buffer < 0) {
      throw invalid("Invalid parameter 'buf-size'");
    }
    JobSettings settings = JobArguments.settings(monitor, arguments, source);
    var plan =
        new MirrorPlan(
            "mirror",
            source,
            target,
            replaced,
            sync,
            granularity,
            buffer == 0 ? DEFAULT_BUFFER : buffer,
            "write-blocking".equals(arguments.string("copy-mode")),
            JobArguments.onError(arguments, "on-source-error"),
            JobArguments.onError(arguments, "on-target-error"),
            arguments.string("filter-node-name"));
    monitor.jobs().checkIdle(target);
    monitor.jobs().checkIdle(source);
    monitor.jobs().checkNew(settings.id());
    monitor
        .jobs()
        .start(
            MirrorJob.of(
                settings, plan, List.of(source, target), List.of(), MirrorJob.Preparation.NONE));
    return new JsonObject();
  }

  private static long granularity(JsonObject arguments, BlockNode target) throws BlockException {
    long granularity = JobArguments.number(arguments, "granularity", 0);
    if (granularity == 0) {
      Optional<ImageInfo> info = target.capability(ImageInfo.class);
      long cluster = info.isPresent() ? info.get().clusterSize() : 0;
      return cluster <= 0
          ? DEFAULT_GRANULARITY
          : Math.clamp(cluster, MIN_DEFAULT_GRANULARITY, DEFAULT_GRANULARITY);
    }
    if (granularity < MIN_GRANULARITY || granularity > MAX_GRANULARITY) {
      throw invalid("Parameter 'granularity' expects a value in range [512B, 64MB]");
    }
    if (Long.bitCount(granularity) != 1) {
      throw invalid("Parameter 'granularity' expects a power of 2");
    }
    return granularity;
  }

  /** A layer of another disk, or of this one, cannot be overwritten. */
  private static void requireUnused(BlockNode target) throws BlockException {
    BlockNode overlay = target.overlay();
    if (overlay != null) {
      throw new BlockException(
          Errno.EBUSY,
          "Node '"
              + target.name()
              + "' is busy: node is used as backing hd of '"
              + overlay.name()
              + "'");
    }
  }

  private BlockNode replaced(JsonObject arguments, BlockNode source) throws BlockException {
    String name = arguments.string("replaces");
    if (name == null) {
      return source;
    }
    BlockNode replaced = monitor.graph().find(name);
    if (replaced == null) {
      throw new BlockException(Errno.ENOENT, "Failed to find node with node-name='" + name + "'");
    }
    requireUnused(replaced);
    if (replaced.length() != source.length()) {
      throw invalid("cannot replace image with a mirror image of different size");
    }
    if (!isBelow(source, replaced)) {
      throw invalid(
          "Cannot replace '"
              + name
              + "' by a node mirrored from '"
              + source.name()
              + "', because it cannot be guaranteed that doing so would not lead to an abrupt"
              + " change of visible data");
    }
    return replaced;
  }

  /** Whether a node is that one or one that it reads from, backing files left out. */
  private static boolean isBelow(BlockNode node, BlockNode wanted) {
    if (node == wanted) {
      return true;
    }
    for (Edge edge : node.edges()) {
      if (edge != node.backing() && isBelow(edge.node(), wanted)) {
        return true;
      }
    }
    return false;
  }

  private static MirrorPlan.Sync sync(
      JsonObject arguments, BlockNode source, @Nullable BlockNode fresh) throws BlockException {
    String word = required(arguments, "sync");
    Edge backing = source.skipFilters().backing();
    return switch (word) {
      case "full" -> full(fresh);
      case "none" -> new MirrorPlan.Sync.None(fresh == null ? null : source);
      case "top" -> backing == null ? full(fresh) : new MirrorPlan.Sync.Above(backing.node());
      default -> throw invalid("Sync mode '" + word + "' not supported");
    };
  }

  /** A target that is all zeroes has already what no layer of the source holds. */
  private static MirrorPlan.Sync full(@Nullable BlockNode fresh) {
    return fresh != null && fresh.readsZeroAfterCreate()
        ? new MirrorPlan.Sync.Above(null)
        : new MirrorPlan.Sync.Full();
  }
}
