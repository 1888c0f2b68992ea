// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.ErrorPolicy;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.drive.MediumSlot.Kind;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.monitor.command.GuestDrives;
import dev.strata.system.Drives.Drive;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The drives that devices use: what they are called, and who uses them. Before the machine runs,
 * one thread; afterwards, one at a time.
 */
final class DriveDevices {
  /** The threads that serve whoever has not asked for others. */
  static final String MAIN = "";

  /**
   * Whose a device's requests are.
   *
   * @param context the name of the iothread that serves it, or {@link #MAIN}
   */
  private record Use(GuestDrive guest, String context) {}

  private final Drives drives;
  private final Map<Drive, String> names = new LinkedHashMap<>();
  private final Map<Drive, GuestDrive> unused = new LinkedHashMap<>();
  private final Map<Drive, Use> uses = new LinkedHashMap<>();
  private @Nullable GuestDrives told; // once the machine is made
  private @Nullable JobRegistry jobs; // once the machine is made

  DriveDevices(Drives drives) {
    this.drives = drives;
  }

  /** Tells monitors what the drives are called and where they are, now and from now on. */
  void describe(GuestDrives monitors) {
    told = monitors;
    for (Drive drive : drives.all()) {
      Use use = uses.get(drive);
      monitors.add(use == null ? unused(drive) : use.guest());
    }
  }

  /** Says which jobs end with the drives that they are about. */
  void jobs(JobRegistry running) {
    jobs = running;
  }

  /** A drive has come that no device uses yet. */
  void come(Drive drive, String otherwise) throws BlockException {
    name(drive, otherwise);
    GuestDrives monitors = told;
    if (monitors != null) {
      monitors.add(unused(drive));
    }
  }

  /** A drive is no more, though a device may have it still. */
  void forget(GuestDrive drive) {
    unused.values().remove(drive);
    names.values().remove(drive.name());
  }

  private GuestDrive unused(Drive drive) {
    GuestDrive made = guest(drive, drive.settings());
    unused.put(drive, made);
    return made;
  }

  private GuestDrive guest(Drive drive, DriveSettings settings) {
    return new GuestDrive(names.getOrDefault(drive, ""), settings, drive.image(), System::nanoTime);
  }

  /** Gives a drive its name, unless the user has given it one. */
  String name(Drive drive, String otherwise) throws BlockException {
    String id = drive.id();
    String name = id == null ? otherwise : id;
    if (!name.isEmpty() && names.containsValue(name)) {
      BlockException taken = CommandLine.error("Device with id '" + name + "' already exists");
      throw drive.given().isEmpty() ? taken : taken.during(drive.given());
    }
    drive.limit(name);
    names.put(drive, name);
    return name;
  }

  /** What a drive is called; "" for a node's. */
  String nameOf(Drive drive) {
    return names.getOrDefault(drive, "");
  }

  /** Takes what properties say of a drive. */
  DiskProperties properties(BlockOptions properties) throws BlockException {
    String name = properties.takeString("drive");
    Drive named = name == null ? null : named(name);
    return DiskProperties.of(
        properties,
        name == null ? "" : name,
        named == null ? DriveSettings.DEFAULT : named.settings());
  }

  /** What is said of a drive that the board itself has a device for. */
  static DiskProperties ofBoard(Drive drive) {
    return new DiskProperties(null, null, drive.settings(), false, null);
  }

  /** The drive that a device asks for, by its name or that of a node; null if there is none. */
  @Nullable Drive find(String given, DiskProperties asked, boolean writes) throws BlockException {
    String name = asked.drive();
    if (name == null) {
      return null;
    }
    Drive named = named(name);
    if (named != null && uses.containsKey(named)) {
      boolean automatic = named.connection() != Drives.Connection.NONE;
      throw CommandLine.error(
          "Drive '"
              + name
              + "' is already in use "
              + (automatic
                  ? "because it has been automatically connected to another device (did you need"
                      + " 'if=none' in the drive options?)"
                  : "by another device"));
    }
    return named == null ? drives.ofNode(given, name, writes) : named;
  }

  /** A drive by the name that it has or was given. */
  private @Nullable Drive named(String name) {
    for (Drive each : drives.all()) {
      if (name.equals(each.id()) || name.equals(names.get(each))) {
        return each;
      }
    }
    return null;
  }

  /** The empty drive of a device. */
  Drive empty(String given, boolean cd) {
    return drives.addEmpty(given, cd);
  }

  /** Who a device is that uses a drive, for the drive. */
  record Device(String place, @Nullable String id, Kind kind, String context) {}

  /** What a device uses a drive by. */
  GuestDrive use(Drive drive, Device device, DiskProperties asked) throws BlockException {
    GuestDrive made = guest(drive, asked.settings());
    // A floppy controller knows only success and failure.
    ErrorPolicy errors = device.kind() == Kind.REMOVABLE ? null : asked.settings().errors();
    made.use(new GuestDrive.User(device.place(), device.id(), device.kind(), errors));
    BlockBackend image = drive.image();
    if (image != null) {
      requireContext(image, device.context());
      boolean writes = image.node().flags().writable() && !drive.readOnly();
      image.changeForGuest(GuestDrive.permissions(writes, asked.shared()));
      Boolean cached = asked.cached();
      if (cached != null) {
        image.writeThrough(!cached);
      }
    }
    made.share(asked.shared());
    uses.put(drive, new Use(made, device.context()));
    GuestDrives monitors = told;
    if (monitors != null) {
      GuestDrive before = unused.remove(drive);
      if (before == null) {
        monitors.add(made);
      } else {
        monitors.replace(before, made);
      }
    }
    return made;
  }

  /** All devices of a node are served by the same threads, as in the reference. */
  private void requireContext(BlockBackend image, String context) throws BlockException {
    for (Use use : uses.values()) {
      BlockBackend other = use.guest().medium();
      if (other != null && other.node() == image.node() && !use.context().equals(context)) {
        throw CommandLine.error("Cannot change iothread of active block backend");
      }
    }
  }

  /** A drive's device is there no more: nor is the drive, which lets go of its medium. */
  void release(Drive drive) throws BlockException {
    Use use = uses.remove(drive);
    drives.remove(drive);
    names.remove(drive);
    GuestDrives monitors = told;
    if (use != null && monitors != null) {
      endJobs(use.guest());
      monitors.remove(use.guest());
      use.guest().remove();
    }
  }

  /** Of a drive that has a name; what the user has made himself stays with its jobs. */
  private void endJobs(GuestDrive drive) throws BlockException {
    BlockBackend medium = drive.medium();
    JobRegistry running = jobs;
    if (medium == null || running == null || drive.name().isEmpty()) {
      return;
    }
    for (Job job : running.all()) {
      if (job.nodes().contains(medium.node())) {
        running.cancel(job.id());
      }
    }
  }

  /** A device could not be made after all: what it was to use is free again. */
  void giveUp(Drive drive) throws BlockException {
    if (drive.id() == null || drive.id().isEmpty()) {
      release(drive);
      BlockBackend image = drive.image();
      if (image != null) {
        image.close();
      }
    }
  }
}
