// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.device.virtio.BalloonDevice;
import dev.strata.system.hmp.Migrations;
import dev.strata.system.hmp.MonitorSubject;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.BoardListing;
import dev.strata.system.machine.Cause;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.pc.PcMachine;
import dev.strata.system.migration.Migration;
import dev.strata.system.migration.MigrationLines;
import dev.strata.system.snapshot.MachineSnapshots;
import dev.strata.system.snapshot.MachineSnapshots.Scope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A machine as its monitors see it. */
final class MachineSubject implements MonitorSubject {
  private final Machine machine;
  private final @Nullable PcMachine pc;
  private final MonitorSubject.Devices devices;
  private final IdentityOptions identity;
  private final DriveLines lines;
  private final MachineSnapshots snapshots;
  private final Migration migration;
  private final Monitor monitor;
  private final NbdService server;
  private final EventLog log;

  /**
   * A machine.
   *
   * @param pc its board, if it has one
   * @param devices where devices come and go on that
   */
  MachineSubject(
      Machine machine,
      @Nullable PcMachine pc,
      MonitorSubject.@Nullable Devices devices,
      IdentityOptions identity,
      Monitor monitor,
      HotDrives drives,
      MachineSnapshots snapshots,
      Migration migration,
      EventLog log) {
    this.machine = machine;
    this.pc = pc;
    this.devices = devices == null ? new NoDevices() : devices;
    this.identity = identity;
    this.lines = new DriveLines(monitor, drives);
    this.snapshots = snapshots;
    this.migration = migration;
    this.monitor = monitor;
    this.server = new NbdService(monitor, this::runQmp);
    this.log = log;
  }

  @Override
  public void quit() {
    machine.end(Cause.HOST_QUIT);
  }

  @Override
  public void stop() {
    if (migration.mayPause()) {
      machine.pause();
    }
  }

  @Override
  public void resume() throws BlockException {
    if (machine.needsReset()) {
      throw new BlockException(Errno.EINVAL, "Resetting the Virtual Machine is required");
    }
    if (migration.mayResume()) {
      machine.resume();
    }
  }

  @Override
  public void reset() {
    machine.pressReset();
  }

  @Override
  public void powerDown() {
    if (pc != null) {
      pc.pressPowerButton();
    }
  }

  @Override
  public String status() {
    String state = machine.state();
    boolean plain = state.equals("running") || state.equals("paused");
    return "VM status: " + (plain ? state : "paused (" + state + ")") + "\n";
  }

  @Override
  public String name() {
    String name = identity.name();
    return name == null ? "" : name + "\n";
  }

  @Override
  public String uuid() {
    return identity.identity().uuid() + "\n";
  }

  @Override
  public String registers() {
    return machine.hasProcessor() ? "\nCPU#0\n" + machine.registers() : "No CPU available\n";
  }

  @Override
  public int physicalByte(long address) {
    return pc == null ? 0 : pc.physicalByte(address);
  }

  @Override
  public int virtualByte(long address) {
    long physical = machine.physicalAddress(address);
    return physical < 0 ? -1 : physicalByte(physical);
  }

  @Override
  public @Nullable Long register(String name) {
    return machine.register(name);
  }

  private @Nullable BalloonDevice balloon() {
    return pc == null ? null : pc.balloon();
  }

  @Override
  public boolean balloon(long bytes) {
    BalloonDevice balloon = balloon();
    if (balloon != null) {
      balloon.target(bytes);
    }
    return balloon != null;
  }

  @Override
  public @Nullable String balloonState() {
    BalloonDevice balloon = balloon();
    return balloon == null
        ? null
        : "balloon: actual=" + (balloon.left() >> 20) + balloon.statistics() + "\n";
  }

  @Override
  public long balloonLeft() {
    BalloonDevice balloon = balloon();
    return balloon == null ? -1 : balloon.left();
  }

  @Override
  public boolean hasBoard() {
    return pc != null;
  }

  @Override
  public void injectNmi() {
    if (pc != null) {
      pc.injectNmi();
    }
  }

  @Override
  public BoardListing board() {
    return pc == null ? BoardListing.NONE : pc.listing();
  }

  @Override
  public String pages(boolean merged) {
    return machine.hasProcessor() ? machine.pages(merged) : "No CPU available\n";
  }

  @Override
  public void type(List<Key> keys, int holdMillis) {
    if (pc != null) {
      pc.typist().type(keys, holdMillis * 1_000_000L);
    }
  }

  @Override
  public @Nullable Picture screen() {
    return pc == null ? null : pc.screen();
  }

  @Override
  public EventLog log() {
    return log;
  }

  @Override
  public MonitorSubject.Devices devices() {
    return devices;
  }

  /** A machine without a board has no place for them. */
  private static final class NoDevices implements MonitorSubject.Devices {
    @Override
    public void plug(String option) throws BlockException {
      throw CommandLine.error("No bus found for device '" + option.split(",", 2)[0] + "'");
    }

    @Override
    public void unplug(String id) throws BlockException {
      throw CommandLine.error("Device '" + id + "' not found");
    }

    @Override
    public void tell() {}
  }

  @Override
  public MonitorSubject.Snapshots snapshots() {
    return new MonitorSubject.Snapshots() {
      @Override
      public void save(@Nullable String tag) throws BlockException {
        snapshots.save(tag, true, Scope.ALL);
      }

      @Override
      public void load(String tag) throws BlockException {
        snapshots.load(tag, Scope.ALL);
      }

      @Override
      public void delete(String tag) throws BlockException {
        snapshots.delete(tag, Scope.ALL);
      }

      @Override
      public String describe() throws BlockException {
        return snapshots.describe();
      }
    };
  }

  @Override
  public Migrations migrations() {
    return new MigrationLines(migration);
  }

  private JsonValue runQmp(String command, JsonObject arguments) throws BlockException {
    try {
      return monitor.commands().run(command, arguments);
    } catch (QmpException e) {
      throw new BlockException(Errno.EINVAL, e.getMessage()).causedBy(e);
    }
  }

  @Override
  public MonitorSubject.Qmp qmp() {
    return this::runQmp;
  }

  @Override
  public String addObject(String definition) throws BlockException {
    String listing = monitor.graph().objects().define(definition);
    return listing == null ? "" : listing;
  }

  @Override
  public MonitorSubject.DiskServer diskServer() {
    return server;
  }

  @Override
  public MonitorSubject.Drives drives() {
    return lines;
  }
}
