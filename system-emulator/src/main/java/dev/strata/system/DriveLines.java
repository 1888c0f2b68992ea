// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.DriveCounts;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DetectZeroes;
import dev.strata.block.graph.Edge;
import dev.strata.block.job.IoStatus;
import dev.strata.block.json.JsonObject;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.monitor.command.ImageConsole;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.command.NodeDescription;
import dev.strata.monitor.commandline.ImageDescription;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.system.hmp.MonitorSubject;
import dev.strata.system.qmp.DriveCommit;
import dev.strata.system.qmp.DriveMedia;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** A guest's drives as monitors for people show them, and what those do with them. */
final class DriveLines implements MonitorSubject.Drives {
  private static final int COLUMN = 18;
  private static final Permissions EVERYTHING_SHARED =
      new Permissions(EnumSet.noneOf(Permission.class), EnumSet.allOf(Permission.class));

  private final Monitor monitor;
  private final HotDrives hot;
  private final DriveMedia media;
  private @Nullable ImageConsole console; // guarded by this

  DriveLines(Monitor monitor, HotDrives hot) {
    this.monitor = monitor;
    this.hot = hot;
    this.media = new DriveMedia(monitor);
  }

  @Override
  public String describe(@Nullable String name, boolean nodes, boolean detailed)
      throws BlockException {
    var text = new StringBuilder();
    if (nodes) {
      List<BlockNode> all = monitor.graph().nodes().reversed();
      for (BlockNode node : all) {
        if (name == null || name.equals(node.name())) {
          text.append(node == all.getFirst() ? "" : "\n").append(of(node, detailed));
        }
      }
      return text.toString();
    }
    // As in the reference, what is not told of leaves the empty line behind it.
    List<GuestDrive> all = monitor.drives().all();
    for (GuestDrive drive : all) {
      if (name == null || name.equals(drive.name())) {
        text.append(drive == all.getFirst() ? "" : "\n").append(of(drive, detailed));
      }
    }
    return text.toString();
  }

  private static String of(BlockNode node, boolean detailed) throws BlockException {
    var text = new StringBuilder(node.name());
    image(text, node);
    settings(text, node, false);
    if (detailed) {
      images(text, node);
    }
    return text.toString();
  }

  private static void image(StringBuilder text, BlockNode node) {
    text.append(": ").append(node.filename());
    text.append(" (").append(node.driverName());
    text.append(node.flags().writable() ? ")\n" : ", read-only)\n");
  }

  private static void settings(StringBuilder text, BlockNode node, boolean writeThrough) {
    String mode = writeThrough ? "writethrough" : "writeback";
    mode += node.flags().direct() ? ", direct" : "";
    line(text, "Cache mode:", mode + (node.flags().noFlush() ? ", ignore flushes" : ""));
    int depth = 0;
    for (Edge edge = node.backing(); edge != null; edge = edge.node().backing()) {
      depth++;
    }
    Edge backing = node.backing();
    if (backing != null) {
      String below = backing.node().filename();
      line(text, "Backing file:", below + " (chain depth: " + depth + ")");
    }
    if (node.detectZeroes() != DetectZeroes.OFF) {
      line(text, "Detect zeroes:", node.detectZeroes().name().toLowerCase(Locale.ROOT));
    }
  }

  private static void limits(StringBuilder text, ThrottleGroup group) {
    ThrottleLimits limits = group.limits();
    var words = new StringBuilder();
    boolean any = false;
    for (List<Meter> kind :
        List.of(
            List.of(Meter.BPS_TOTAL, Meter.BPS_READ, Meter.BPS_WRITE),
            List.of(Meter.IOPS_TOTAL, Meter.IOPS_READ, Meter.IOPS_WRITE))) {
      for (Meter each : kind) {
        any |= limits.average(each) != 0;
        words.append(NodeDescription.name(each)).append('=').append(limits.average(each));
        words.append(' ');
      }
      for (Meter each : kind) {
        words.append(NodeDescription.name(each)).append("_max=").append(limits.max(each));
        words.append(' ');
      }
    }
    words.append("iops_size=").append(limits.operationSize());
    if (any) {
      line(text, "I/O throttling:", words + " group=" + group.name());
    }
  }

  /** The image and all that it is based on. */
  private static void images(StringBuilder text, BlockNode node) throws BlockException {
    text.append("\nImages:\n").append(ImageDescription.of(node).toText());
    for (Edge edge = node.backing(); edge != null; edge = edge.node().backing()) {
      text.append(ImageDescription.of(edge.node()).toText());
    }
  }

  private static String of(GuestDrive drive, boolean detailed) throws BlockException {
    var text = new StringBuilder(drive.name());
    BlockBackend image = drive.medium();
    String device = GuestDrives.device(drive);
    if (image == null) {
      text.append(drive.name().isEmpty() && device != null ? device : "");
      text.append(": [not inserted]\n");
    } else {
      BlockNode node = image.node().skipImplicit();
      text.append(drive.name().isEmpty() ? node.name() : " (" + node.name() + ")");
      image(text, node);
    }
    if (device != null) {
      line(text, "Attached to:", device);
    }
    MediumSlot slot = drive.slot();
    if (slot.kind() != MediumSlot.Kind.FIXED) {
      String locked = slot.isLocked() ? "locked" : "not locked";
      line(text, "Removable device:", locked + ", tray " + (slot.isOpen() ? "open" : "closed"));
    }
    IoStatus status = drive.ioStatus();
    if (status != null && status != IoStatus.OK) {
      line(text, "I/O status:", status.word());
    }
    if (image != null) {
      settings(text, image.node().skipImplicit(), image.writeThrough());
      ThrottleGroup group = image.throttleGroup();
      if (group != null) {
        limits(text, group);
      }
      if (detailed) {
        images(text, image.node().skipImplicit());
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String what, String value) {
    String gap = " ".repeat(Math.max(1, COLUMN - what.length()));
    text.append("    ").append(what).append(gap).append(value).append('\n');
  }

  @Override
  public String counts() {
    var text = new StringBuilder();
    for (GuestDrive drive : monitor.drives().all()) {
      DriveCounts.Reading now = drive.counts().read();
      text.append(drive.name()).append(": rd_bytes=").append(now.bytes(Access.READ));
      text.append(" wr_bytes=").append(now.bytes(Access.WRITE));
      text.append(" rd_operations=").append(now.operations(Access.READ));
      text.append(" wr_operations=").append(now.operations(Access.WRITE));
      text.append(" flush_operations=").append(now.operations(Access.FLUSH));
      text.append(" wr_total_time_ns=").append(now.nanos(Access.WRITE));
      text.append(" rd_total_time_ns=").append(now.nanos(Access.READ));
      text.append(" flush_total_time_ns=").append(now.nanos(Access.FLUSH));
      text.append(" rd_merged=0 wr_merged=0 idle_time_ns=");
      text.append(Math.max(0, now.idleNanos())).append('\n');
    }
    return text.toString();
  }

  private GuestDrive require(String name) throws BlockException {
    GuestDrive drive = monitor.drives().find(name);
    if (drive == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + name + "' not found");
    }
    return drive;
  }

  @Override
  public void eject(String drive, boolean force) throws BlockException {
    media.eject(require(drive), drive, force);
  }

  @Override
  public void change(
      String drive, String filename, @Nullable String format, @Nullable String mode, boolean force)
      throws BlockException {
    DriveMedia.Mode wanted = mode == null ? DriveMedia.Mode.RETAIN : DriveMedia.Mode.named(mode);
    if (wanted == null) {
      throw new BlockException(Errno.EINVAL, "invalid parameter value: " + mode);
    }
    media.change(require(drive), drive, filename, format, wanted, force);
  }

  @Override
  public void resize(String drive, long bytes) throws BlockException {
    var arguments = new JsonObject().put("device", drive).put("size", bytes);
    try {
      monitor.commands().run("block_resize", arguments);
    } catch (QmpException e) {
      throw new BlockException(Errno.EINVAL, String.valueOf(e.getMessage())).causedBy(e);
    }
  }

  @Override
  public void add(String options, boolean node) throws BlockException {
    if (node) {
      hot.addNode(options);
    } else {
      hot.add(options);
    }
  }

  @Override
  public void delete(String name) throws BlockException {
    hot.delete(name);
  }

  @Override
  public String commit(String name) {
    var commit = new DriveCommit(monitor.graph(), monitor.jobs());
    if (!name.equals("all")) {
      GuestDrive drive = monitor.drives().find(name);
      if (drive == null) {
        return "Device '" + name + "' not found\n";
      }
      return drive.medium() == null
          ? "Device '" + name + "' has no medium\n"
          : commit(commit, drive, name);
    }
    var text = new StringBuilder();
    for (GuestDrive drive : monitor.drives().all()) {
      if (DriveCommit.isLayered(drive)) {
        text.append(commit(commit, drive, name));
      }
    }
    return text.toString();
  }

  private static String commit(DriveCommit commit, GuestDrive drive, String name) {
    try {
      commit.run(drive);
      return "";
    } catch (BlockException e) {
      return "'commit' error for '" + name + "': " + e.errno().text() + "\n";
    }
  }

  @Override
  public String inspect(String image, boolean device, String command) throws BlockException {
    GuestDrive drive = device ? monitor.drives().ofDevice(image) : monitor.drives().find(image);
    BlockGraph graph = monitor.graph();
    if (drive == null && !device) {
      BlockNode node = graph.find(image);
      if (node == null) {
        throw new BlockException(
            Errno.EINVAL, "Cannot find device='' nor node-name='" + image + "'");
      }
      try (BlockBackend use = graph.use(node, "", EVERYTHING_SHARED)) {
        return console().run(graph, use, false, command);
      }
    }
    BlockBackend medium = drive == null ? null : drive.medium();
    if (drive == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + image + "' not found");
    }
    if (medium == null) {
      throw BlockException.of(Errno.ENOMEDIUM);
    }
    return console().run(graph, medium, true, command);
  }

  private synchronized ImageConsole console() throws BlockException {
    ImageConsole found = console;
    if (found == null) {
      // Not in the module's descriptor: the tool's module is looked for only where it is there.
      DriveLines.class.getModule().addUses(ImageConsole.class);
      found =
          ServiceLoader.load(ImageConsole.class)
              .findFirst()
              .orElseThrow(
                  () -> new BlockException(Errno.EOPNOTSUPP, "qemu-io is not part of this build"));
      console = found;
    }
    return found;
  }
}
