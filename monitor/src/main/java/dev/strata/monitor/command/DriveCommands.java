// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.JobArguments.invalid;
import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.Job;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code drive-backup} and {@code drive-mirror}: jobs whose target is a file, in which an image is
 * made first.
 *
 * @see "QEMU qapi/block-core.json, DriveBackup and DriveMirror"
 */
final class DriveCommands {
  private final Monitor monitor;
  private final BackupCommands backups;
  private final MirrorCommands mirrors;

  DriveCommands(Monitor monitor) {
    this.monitor = monitor;
    this.backups = new BackupCommands(monitor);
    this.mirrors = new MirrorCommands(monitor);
  }

  static void contribute(Monitor monitor) {
    var own = new DriveCommands(monitor);
    monitor
        .commands()
        .add(
            "drive-backup",
            arguments -> {
              monitor.jobs().start(List.of(own.createBackup(arguments)), null);
              return new JsonObject();
            });
    monitor.commands().add("drive-mirror", own::mirror);
  }

  private static boolean isNew(JsonObject arguments) {
    return !"existing".equals(arguments.string("mode"));
  }

  /** The target; a new one is by default of the format that the source has. */
  private TargetImage target(JsonObject arguments, BlockNode source) {
    String format = arguments.string("format");
    return new TargetImage(
        monitor.graph(),
        required(arguments, "target"),
        format == null && isNew(arguments) ? source.driverName() : format);
  }

  private static @Nullable BlockNode backing(BlockNode source) {
    Edge backing = source.skipFilters().backing();
    return backing == null ? null : backing.node();
  }

  /** A job that has not begun. */
  Job createBackup(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = monitor.node(device, device);
    monitor.jobs().checkIdle(source); // before a file is overwritten for nothing
    TargetImage image = target(arguments, source);
    String sync = required(arguments, "sync");
    if (isNew(arguments)) {
      BlockNode below =
          switch (sync) {
            case "none" -> source;
            case "top" -> backing(source);
            default -> null;
          };
      image.create(source.length(), below);
    }
    BlockOptions options = BlockOptions.of("discard", "unmap", "detect-zeroes", "unmap");
    if (sync.equals("none")) {
      options.put("backing", source.name()); // what is not copied is still there
    }
    return image.use(options, source.flags(), target -> backups.create(arguments, source, target));
  }

  private JsonValue mirror(JsonObject arguments) throws BlockException {
    String device = required(arguments, "device");
    BlockNode source = monitor.node(device, device);
    monitor.requireRoot(source);
    String name = arguments.string("node-name");
    if (arguments.has("replaces") && name == null) {
      throw invalid("a node-name must be provided when replacing a named node of the graph");
    }
    monitor.jobs().checkIdle(source); // before a file is overwritten for nothing
    boolean fresh = isNew(arguments);
    TargetImage image = target(arguments, source);
    BlockNode below =
        switch (required(arguments, "sync")) {
          case "full" -> null;
          case "none" -> source;
          default -> backing(source);
        };
    BlockOptions options = new BlockOptions();
    if (fresh) {
      image.create(source.length(), below);
      // What is copied has to show over the same layers as in the source. Over the source itself
      // it goes when it takes its place.
      options =
          below == null || below == source
              ? TargetImage.withoutBacking()
              : BlockOptions.of("backing", below.name());
    }
    if (name != null) {
      options.put("node-name", name);
    }
    NodeFlags flags = source.flags();
    return image.use(
        options,
        flag(arguments, "unmap", true) ? flags : flags.withUnmap(false),
        target -> mirrors.begin(arguments, source, target, fresh));
  }
}
