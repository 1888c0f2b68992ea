// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.graph.TemporaryOverlay;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.throttle.ThrottleOptions;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.system.CommandLine.DriveOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The images of {@code -drive} and its like, open in a graph that another closes; whoever made this
 * closes it before.
 */
final class Drives implements AutoCloseable {
  /** Where a disk is connected. */
  enum Connection {
    NONE("none", 0, 0),
    IDE("ide", 1, 2),
    FLOPPY("floppy", 3, 0),
    PFLASH("pflash", 4, 0),
    VIRTIO("virtio", 7, 0);

    private final String word;
    private final int number; // as messages name it
    private final int units;

    Connection(String word, int number, int units) {
      this.word = word;
      this.number = number;
      this.units = units;
    }

    /** As options name it. */
    String word() {
      return word;
    }

    /** How many drives are on a bus; 0 if they are not counted by buses. */
    int units() {
      return units;
    }
  }

  /**
   * A drive and the image in it.
   *
   * @param cd whether it is for a CD
   * @param limits of its requests; null for none
   * @param image null in an empty drive
   */
  record Drive(
      String given,
      @Nullable String id,
      Connection connection,
      DrivePlace place,
      boolean readOnly,
      boolean cd,
      DriveSettings settings,
      @Nullable ThrottleOptions limits,
      @Nullable BlockBackend image) {
    /** A drive with a device that can do without an image. */
    static Drive empty(String given, @Nullable String id, Connection connection, boolean cd) {
      DriveSettings settings =
          DriveSettings.DEFAULT.withMedia(NodeFlags.READ_ONLY.withWritable(!cd));
      return new Drive(given, id, connection, DrivePlace.NONE, cd, cd, settings, null, null);
    }

    /** Has requests keep to the limits, in a group of the drive's name if nothing else is said. */
    void limit(String name) {
      if (image != null && limits != null) {
        image.throttle(limits, name);
      }
    }

    /** Fails for an empty drive of a device that always has its medium. */
    void requireImage() throws BlockException {
      if (image == null) {
        throw CommandLine.error("Device needs media, but drive is empty");
      }
    }
  }

  private final BlockGraph graph;
  private final boolean snapshot;
  private final boolean connected;
  private final Consumer<String> warnings;
  private final List<Drive> all = new CopyOnWriteArrayList<>(); // devices come and go

  /**
   * No drives yet.
   *
   * @param snapshot whether all changes are lost at the end
   * @param connected whether there is a board that drives are connected to
   * @param warnings hears of what is not done as it is said
   */
  Drives(BlockGraph graph, boolean snapshot, boolean connected, Consumer<String> warnings) {
    this.graph = graph;
    this.snapshot = snapshot;
    this.connected = connected;
    this.warnings = warnings;
  }

  List<Drive> all() {
    return all;
  }

  /** Takes a drive away, which is no device's any more. */
  void remove(Drive drive) {
    all.remove(drive);
  }

  /** The drive of that name, or null. */
  @Nullable Drive find(String id) {
    for (Drive drive : all) {
      if (id.equals(drive.id)) {
        return drive;
      }
    }
    return null;
  }

  /**
   * A drive with a node that the user made in it; null if there is no such node.
   *
   * @param writes whether the device writes, if the node can be written
   */
  @Nullable Drive ofNode(String given, String name, boolean writes) throws BlockException {
    BlockNode node = graph.find(name);
    if (node == null) {
      return null;
    }
    boolean writable = writes && node.flags().writable();
    BlockBackend disk = graph.use(node, "", GuestDrive.unattached());
    var drive =
        new Drive(
            given,
            "",
            Connection.NONE,
            DrivePlace.NONE,
            !writable,
            false,
            DriveSettings.DEFAULT,
            null,
            disk);
    all.add(drive);
    return drive;
  }

  /** Adds a drive that nobody has asked for. */
  Drive addEmpty(Connection connection, boolean cd, String id) {
    Drive drive = Drive.empty("", id, connection, cd);
    all.add(drive);
    return drive;
  }

  /** Adds the empty drive of a device. */
  Drive addEmpty(String given, boolean cd) {
    Drive drive = Drive.empty(given, "", Connection.NONE, cd);
    all.add(drive);
    return drive;
  }

  void open(DriveOption option) throws BlockException {
    try {
      all.add(opened(option));
    } catch (BlockException e) {
      throw e.during(option.given());
    }
  }

  /**
   * Opens a drive that no device uses yet, while the machine is there.
   *
   * @param options of {@code -drive}
   */
  Drive add(BlockOptions options) throws BlockException {
    String id = options.string("id");
    if (id != null && find(id) != null) {
      throw CommandLine.error("Duplicate ID '" + id + "' for drive");
    }
    Drive drive = opened(new DriveOption("drive_add", options));
    if (drive.connection != Connection.NONE) {
      if (drive.image != null) {
        drive.image.close();
      }
      throw CommandLine.error("Can't hot-add drive to type " + drive.connection.number);
    }
    all.add(drive);
    return drive;
  }

  /** A drive is no more: its name is free. */
  void forget(String id) {
    all.removeIf(drive -> id.equals(drive.id));
  }

  private Drive opened(DriveOption option) throws BlockException {
    BlockOptions options = option.options().copy();
    Connection connection = connection(options.takeString("if"));
    DrivePlace place = DrivePlace.take(options, connection, all);
    String id = options.takeString("id");
    DriveSettings settings = DrivePolicy.ofDrive(options, connection);
    String media = options.takeString("media");
    boolean cd = "cdrom".equals(media);
    if (media != null && !cd && !media.equals("disk")) {
      throw CommandLine.error("'" + media + "' invalid media");
    }
    boolean readOnly =
        cd
            || Boolean.TRUE.equals(options.takeBool("readonly"))
            || Boolean.TRUE.equals(options.takeBool("read-only"));
    boolean temporary = snapshot || Boolean.TRUE.equals(options.takeBool("snapshot"));
    Cache cache = cache(options);
    ThrottleOptions limits = DriveLimits.take(options);
    boolean copying = Boolean.TRUE.equals(options.takeBool("copy-on-read"));
    if (copying && readOnly) {
      warnings.accept(option.given() + ": warning: disabling copy-on-read on read-only drive");
      copying = false;
    }
    String discard = options.takeString("discard");
    boolean unmap =
        switch (discard) {
          case null -> false;
          case "unmap", "on" -> true;
          case "ignore", "off" -> false;
          default -> throw CommandLine.error("Invalid discard option");
        };
    String format = options.takeString("format");
    if (format != null) {
      options.put("driver", format);
    }
    String file = options.takeString("file");
    boolean writable = !readOnly;
    NodeFlags wanted =
        NodeFlags.READ_ONLY
            .withWritable(writable)
            .withUnmap(unmap)
            .withCache(cache.direct(), cache.noFlush());
    settings = settings.withMedia(wanted);
    String aio = aio(options);
    BlockBackend disk = null;
    if (!isEmpty(file, options)) {
      putAio(file, options, aio);
      NodeFlags flags =
          wanted.withWritable(writable && !temporary).withInactive(graph.opensInactive());
      disk = use(file, options, flags, writable, temporary, id == null ? "" : id);
      disk.writeThrough(cache.writeThrough());
      if (copying) {
        disk.node().copyOnRead(true);
      }
    }
    return new Drive(option.given(), id, connection, place, readOnly, cd, settings, limits, disk);
  }

  /** What is kept where, and until when. */
  private record Cache(boolean direct, boolean noFlush, boolean writeThrough) {}

  /** Takes the mode, and the switches that say otherwise. */
  private static Cache cache(BlockOptions options) throws BlockException {
    String name = options.takeString("cache");
    CacheMode mode = name == null ? CacheMode.WRITEBACK : CacheMode.of(name);
    if (mode == null) {
      throw CommandLine.error("invalid cache option");
    }
    Boolean direct = options.takeBool("cache.direct");
    Boolean noFlush = options.takeBool("cache.no-flush");
    Boolean writeBack = options.takeBool("cache.writeback");
    return new Cache(
        direct == null ? mode.direct() : direct,
        noFlush == null ? mode.noFlush() : noFlush,
        writeBack == null ? mode.writeThrough() : !writeBack);
  }

  private static @Nullable String aio(BlockOptions options) throws BlockException {
    String aio = options.takeString("aio");
    return switch (aio) {
      case null -> null;
      case "threads", "native", "io_uring" -> aio;
      default -> throw CommandLine.error("invalid aio option");
    };
  }

  /** The option belongs to the file, which is below unless the driver itself is a protocol's. */
  private void putAio(@Nullable String file, BlockOptions options, @Nullable String aio)
      throws BlockException {
    if (aio == null) {
      return;
    }
    String driver = options.string("driver");
    if (driver != null && isHostFile(driver)) {
      options.putIfAbsent("aio", aio);
    } else if (file == null
        ? isHostFile(options.string("file.driver"), options.has("file.filename"))
        : !ImageName.isJson(file) && isHostFile(graph.drivers().protocolOf(file, true).name())) {
      options.putIfAbsent("file.aio", aio);
    }
  }

  private static boolean isHostFile(@Nullable String driver, boolean named) {
    return driver == null ? named : isHostFile(driver);
  }

  private static boolean isHostFile(String driver) {
    return switch (driver) {
      case "file", "host_device", "host_cdrom" -> true;
      default -> false;
    };
  }

  /** Whether no image is named. */
  private static boolean isEmpty(@Nullable String file, BlockOptions options) {
    return file == null ? options.names().isEmpty() : file.isEmpty();
  }

  private BlockBackend use(
      @Nullable String file,
      BlockOptions options,
      NodeFlags flags,
      boolean writable,
      boolean temporary,
      String user)
      throws BlockException {
    BlockNode node =
        graph.open(new OpenRequest(file, options, flags, false, false, OpenGate.AS_QEMU));
    try {
      if (temporary) {
        node = TemporaryOverlay.open(graph, node, flags.withWritable(writable));
      }
      return graph.use(node, user, GuestDrive.unattached());
    } catch (BlockException e) {
      graph.close(node);
      throw e;
    }
  }

  private Connection connection(@Nullable String name) throws BlockException {
    if (name == null) {
      return connected ? Connection.IDE : Connection.NONE;
    }
    for (Connection connection : Connection.values()) {
      if (connection.word.equals(name)) {
        return connection;
      }
    }
    throw CommandLine.error(
        switch (name) {
          case "scsi", "sd", "mtd", "xen" -> "if=" + name + " is not supported";
          default -> "unsupported bus type '" + name + "'";
        });
  }

  /** Brings all that guests were told is stable to stable storage. */
  @Override
  public void close() throws BlockException {
    for (BlockBackend each : graph.backends()) { // media may have been changed meanwhile
      each.flush();
    }
  }
}
