// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.JobArguments.invalid;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.graph.BackingChain;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobFilterFactory;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.commit.ActiveCommit;
import dev.strata.block.job.commit.CommitJob;
import dev.strata.block.job.commit.CommitPlan;
import dev.strata.block.job.stream.StreamJob;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.qmp.QmpException;
import org.jspecify.annotations.Nullable;

/**
 * The jobs that shorten backing chains.
 *
 * @see "QEMU qapi/block-core.json, block-stream and block-commit"
 */
final class ChainCommands {
  private final Monitor monitor;

  private ChainCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new ChainCommands(monitor);
    monitor.commands().add("block-stream", own::stream);
    monitor.commands().add("block-commit", own::commit);
  }

  private static void refuseBoth(JsonObject arguments, String one, String other)
      throws BlockException {
    if (arguments.has(one) && arguments.has(other)) {
      throw invalid("'" + one + "' and '" + other + "' cannot be specified at the same time");
    }
  }

  /** Nobody may work with the image and what is above the base; it stays together, too. */
  private void checkStreamable(BlockNode top, @Nullable BlockNode base) throws BlockException {
    for (BlockNode node = top; node != null && node != base; node = below(node)) {
      monitor.jobs().checkIdle(node);
    }
    BlockNode above = top;
    for (BlockNode node = below(top); node != null && node != base; node = below(node)) {
      if (JobFilterFactory.isJobs(node)) {
        String edge = above.kind() == DriverKind.FILTER ? "file" : "backing";
        throw new BlockException(
            Errno.EPERM, "Cannot freeze '" + edge + "' link to '" + node.name() + "'");
      }
      above = node;
    }
  }

  /** Nobody may work with what is committed, where it goes, and what will be over that. */
  private void checkCommittable(CommitPlan plan, BlockNode root, BlockNode top, BlockNode base)
      throws BlockException {
    BlockNode above = null;
    for (BlockNode node = root; node != top; node = below(node)) {
      if (node == null) {
        break; // it has been found there
      }
      above = node.kind() == DriverKind.FILTER ? above : node;
    }
    BlockNode last = base.skipFilters();
    for (BlockNode node = top; node != null; node = node == last ? null : below(node)) {
      monitor.jobs().checkIdle(node);
    }
    if (above != null && plan.top() != root.skipFilters()) {
      monitor.jobs().checkIdle(above);
    }
    monitor.jobs().checkIdle(root);
  }

  /** The layer of that file name below a node. */
  private static BlockNode byName(BlockNode top, String name) throws BlockException {
    BlockNode found = BackingChain.find(top, name);
    if (found == null) {
      throw invalid("Can't find '" + name + "' in the backing chain");
    }
    return found;
  }

  /** Whether a node is that one or in its backing chain, filters included. */
  private static boolean isInChain(BlockNode top, BlockNode wanted) {
    for (BlockNode node = top; node != null; node = below(node)) {
      if (node == wanted) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable BlockNode below(BlockNode node) {
    if (node.kind() == DriverKind.FILTER && !node.edges().isEmpty()) {
      return node.edges().getFirst().node();
    }
    Edge backing = node.backing();
    return backing == null ? null : backing.node();
  }

  private JsonValue stream(JsonObject arguments) throws BlockException {
    refuseBoth(arguments, "base", "base-node");
    refuseBoth(arguments, "bottom", "base");
    refuseBoth(arguments, "bottom", "base-node");
    String device = required(arguments, "device");
    BlockNode top = monitor.node(device, device);
    BlockNode base = streamBase(arguments, top);
    String backingFile = arguments.string("backing-file");
    if (base == null && backingFile != null) {
      throw invalid("backing file specified, but streaming the entire chain");
    }
    JobSettings settings = JobArguments.settings(monitor, arguments, top);
    var plan =
        new StreamJob.Plan(
            top.skipFilters(),
            base,
            backingFile,
            JobArguments.onError(arguments, "on-error"),
            arguments.string("filter-node-name"));
    checkStreamable(top, base);
    monitor.jobs().checkNew(settings.id());
    JobRegistry jobs = monitor.jobs();
    jobs.start(StreamJob.of(settings, plan, () -> jobs.failedToBegin("stream", settings)));
    return new JsonObject();
  }

  /** The layer that is left below the image, or null for none. */
  private @Nullable BlockNode streamBase(JsonObject arguments, BlockNode top)
      throws BlockException {
    String name = arguments.string("base");
    if (name != null) {
      return byName(top, name);
    }
    String baseName = arguments.string("base-node");
    if (baseName != null) {
      BlockNode base = monitor.node(null, baseName);
      if (base == top || !isInChain(top, base)) {
        throw invalid("Node '" + baseName + "' is not a backing image of '" + top.name() + "'");
      }
      return base;
    }
    String bottomName = arguments.string("bottom");
    if (bottomName == null) {
      return null;
    }
    BlockNode bottom = monitor.node(null, bottomName);
    if (bottom.kind() == DriverKind.FILTER) {
      throw invalid("Node '" + bottomName + "' is a filter, use a non-filter node as 'bottom'");
    }
    if (!isInChain(top, bottom)) {
      throw invalid(
          "Node '" + bottomName + "' is not in a chain starting from '" + top.name() + "'");
    }
    Edge backing = bottom.backing();
    return backing == null ? null : backing.node();
  }

  private JsonValue commit(JsonObject arguments) throws BlockException, QmpException {
    String device = required(arguments, "device");
    BlockNode root = monitor.find(device);
    if (root == null) {
      throw new QmpException("DeviceNotFound", "Device '" + device + "' not found");
    }
    monitor.requireRoot(root);
    BlockNode top = commitTop(arguments, root);
    BlockNode base = commitBase(arguments, root, top);
    CommitPlan plan =
        new CommitPlan(
            root,
            top.skipFilters(),
            base.skipFilters(),
            arguments.string("backing-file"),
            JobArguments.onError(arguments, "on-error"),
            arguments.string("filter-node-name"));
    if (plan.top() == plan.base()) {
      throw invalid("cannot commit an image into itself");
    }
    JobSettings settings = JobArguments.settings(monitor, arguments, root);
    boolean active = plan.top() == root.skipFilters();
    if (active && plan.backingFile() != null) {
      throw invalid("'backing-file' specified, but 'top' is the active layer");
    }
    checkCommittable(plan, root, top, base);
    monitor.jobs().checkNew(settings.id());
    monitor.jobs().start(active ? ActiveCommit.of(settings, plan) : intermediate(settings, plan));
    return new JsonObject();
  }

  private Job intermediate(JobSettings settings, CommitPlan plan) throws BlockException {
    try {
      return CommitJob.of(settings, plan);
    } catch (BlockException e) {
      monitor.jobs().failedToBegin("commit", settings);
      throw e;
    }
  }

  private BlockNode commitTop(JsonObject arguments, BlockNode root) throws BlockException {
    String nodeName = arguments.string("top-node");
    String fileName = arguments.string("top");
    if (nodeName != null && fileName != null) {
      throw invalid("'top-node' and 'top' are mutually exclusive");
    }
    BlockNode top = root;
    if (nodeName != null) {
      top = monitor.node(null, nodeName);
      if (!isInChain(root, top)) {
        throw invalid("'" + nodeName + "' is not in this backing file chain");
      }
    } else if (fileName != null && !fileName.equals(root.filename())) {
      BlockNode found = BackingChain.find(root, fileName);
      if (found == null) {
        throw invalid("Top image file " + fileName + " not found");
      }
      top = found;
    }
    return top;
  }

  private BlockNode commitBase(JsonObject arguments, BlockNode root, BlockNode top)
      throws BlockException {
    String nodeName = arguments.string("base-node");
    String fileName = arguments.string("base");
    if (nodeName != null && fileName != null) {
      throw invalid("'base-node' and 'base' are mutually exclusive");
    }
    if (nodeName != null) {
      BlockNode base = monitor.node(null, nodeName);
      if (!isInChain(top, base)) {
        throw invalid("'" + nodeName + "' is not in this backing file chain");
      }
      return base;
    }
    if (fileName != null) {
      return byName(top, fileName);
    }
    BlockNode base = root;
    for (BlockNode node = top; node != null; node = below(node)) {
      base = node;
    }
    return base;
  }
}
