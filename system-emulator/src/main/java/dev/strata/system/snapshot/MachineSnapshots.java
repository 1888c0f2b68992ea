// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.snapshot;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.driver.VmStateStore;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.commandline.SnapshotTable;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.Machine.Halt;
import dev.strata.system.machine.MachineState;
import dev.strata.system.snapshot.SnapshotDisks.Disk;
import java.io.InputStream;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of a machine, goes back to them, and gives them up. Any thread; one at a time.
 */
public final class MachineSnapshots {
  private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("'vm-'yyyyMMddHHmmss");

  private final Machine machine;
  private final MachineState state;
  private final VirtualClock clock;
  private final Monitor monitor;

  /** The snapshots of a machine whose disks a monitor knows. */
  public MachineSnapshots(
      Machine machine, MachineState state, VirtualClock clock, Monitor monitor) {
    this.machine = machine;
    this.state = state;
    this.clock = clock;
    this.monitor = monitor;
  }

  /**
   * Which disks a snapshot is of.
   *
   * @param devices their nodes; null for all that can be written
   * @param keeper the node that keeps the machine's state; null for the first that can
   */
  public record Scope(@Nullable List<String> devices, @Nullable String keeper) {
    /** All disks. */
    public static final Scope ALL = new Scope(null, null);
  }

  /**
   * Takes one.
   *
   * @param tag its name; null for one made of the date
   * @param replaces whether it takes the place of one of that name
   */
  public synchronized void save(@Nullable String tag, boolean replaces, Scope scope)
      throws BlockException {
    SnapshotDisks disks = SnapshotDisks.of(monitor, scope.devices());
    disks.requireSnapshots();
    if (tag != null && replaces) {
      delete(disks, tag);
    } else if (tag != null && disks.someHave(tag)) {
      throw error("Snapshot '" + tag + "' already exists in one or more devices");
    }
    Disk keeper = disks.stateKeeper(scope.keeper());
    boolean ran = machine.isRunning();
    machine.pause(Halt.SAVE);
    try {
      Instant now = Instant.now();
      String name = tag == null ? NAME.withZone(ZoneId.systemDefault()).format(now) : tag;
      var out = new VmStateOutput(keeper.node().capability(VmStateStore.class).orElseThrow());
      state.save(out);
      out.end();
      var wanted =
          new Snapshot("", name, 0, now.getEpochSecond(), now.getNano(), clock.nanos(), -1, 0);
      monitor.graph().quiesced(disks.nodes(), () -> take(disks, keeper, wanted, out.length()));
    } finally {
      if (ran) {
        machine.resume();
      }
    }
  }

  /** All disks keep one, or none does. */
  private static void take(SnapshotDisks disks, Disk keeper, Snapshot wanted, long stateBytes)
      throws BlockException {
    var done = new ArrayList<Disk>();
    boolean complete = false;
    try {
      for (Disk disk : disks.all()) {
        disk.store().createSnapshot(sized(wanted, disk == keeper ? stateBytes : 0));
        done.add(disk);
      }
      complete = true;
    } catch (BlockException e) {
      String name = disks.all().get(done.size()).name();
      throw e.during("Error while creating snapshot on '" + name + "'");
    } finally {
      for (Disk disk : complete ? List.<Disk>of() : done) {
        Snapshot made = disk.find(wanted.name());
        if (made != null) {
          disk.store().deleteSnapshot(made);
        }
      }
    }
  }

  private static Snapshot sized(Snapshot of, long stateBytes) {
    return new Snapshot(
        of.id(),
        of.name(),
        stateBytes,
        of.dateSeconds(),
        of.dateNanos(),
        of.vmClockNanos(),
        of.instructionCount(),
        of.diskSize());
  }

  /** Goes back to one; the machine then runs if it did. If that fails, it does not. */
  public synchronized void load(String tag, Scope scope) throws BlockException {
    boolean ran = machine.isRunning();
    machine.pause(Halt.RESTORE);
    load(tag, scope, state::load);
    if (ran) {
      machine.resume();
    }
  }

  /** Begins with one, instead of with what power-on leaves; on the thread that runs the machine. */
  public synchronized void begin(String tag) throws BlockException {
    load(tag, Scope.ALL, state::restore);
  }

  private interface Restoring {
    void from(InputStream stream) throws BlockException;
  }

  private void load(String tag, Scope scope, Restoring restoring) throws BlockException {
    SnapshotDisks disks = SnapshotDisks.of(monitor, scope.devices());
    disks.requireSnapshots();
    if (!disks.all().isEmpty() && !disks.allHave(tag)) {
      throw error("Snapshot '" + tag + "' does not exist in one or more devices");
    }
    Disk keeper = disks.stateKeeper(scope.keeper());
    Snapshot snapshot = keeper.find(tag);
    if (snapshot == null || snapshot.vmStateSize() == 0) {
      throw error("This is a disk-only snapshot. Revert to it  offline using qemu-img");
    }
    monitor
        .graph()
        .quiesced(
            disks.nodes(),
            () -> {
              for (Disk disk : disks.all()) {
                apply(disk, tag);
              }
            });
    VmStateStore store = keeper.node().capability(VmStateStore.class).orElseThrow();
    try {
      restoring.from(new VmStateInput(store, snapshot.vmStateSize()));
    } catch (BlockException e) {
      throw e.during("Error -22 while loading VM state");
    }
  }

  private static void apply(Disk disk, String tag) throws BlockException {
    Snapshot own = disk.find(tag);
    if (own == null) {
      throw error("Snapshot '" + tag + "' does not exist in one or more devices");
    }
    try {
      disk.store().applySnapshot(own);
    } catch (BlockException e) {
      throw e.during("Could not load snapshot '" + tag + "' on '" + disk.name() + "'");
    }
  }

  /** Gives one up, on whatever disks have it. */
  public synchronized void delete(String tag, Scope scope) throws BlockException {
    SnapshotDisks disks = SnapshotDisks.of(monitor, scope.devices());
    disks.requireSnapshots();
    delete(disks, tag);
  }

  private void delete(SnapshotDisks disks, String tag) throws BlockException {
    for (Disk disk : disks.all()) {
      Snapshot own = disk.find(tag);
      if (own != null) {
        monitor.graph().quiesced(List.of(disk.node()), () -> disk.store().deleteSnapshot(own));
      }
    }
  }

  private static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** Those that there are, in lines. */
  public synchronized String describe() throws BlockException {
    SnapshotDisks disks = SnapshotDisks.of(monitor, null).able();
    Disk keeper = disks.stateKeeper(null);
    var whole = new ArrayList<Snapshot>();
    for (Snapshot snapshot : keeper.store().snapshots()) {
      if (disks.allHave(snapshot.name())) {
        whole.add(numbered(snapshot));
      }
    }
    var text = new StringBuilder();
    boolean some = false;
    var partial = new StringBuilder();
    for (Disk disk : disks.all()) {
      var own = new ArrayList<>(disk.store().snapshots());
      some |= !own.isEmpty();
      own.removeIf(each -> whole.stream().anyMatch(other -> other.name().equals(each.name())));
      if (!own.isEmpty()) {
        partial.append("\nList of partial (non-loadable) snapshots on '");
        partial.append(disk.drive()).append("':\n");
        SnapshotTable.append(own, partial);
      }
    }
    if (!some) {
      return "There is no snapshot available.\n";
    }
    text.append("List of snapshots present on all disks:\n");
    if (whole.isEmpty()) {
      text.append("None\n");
    } else {
      SnapshotTable.append(whole, text);
    }
    return text.append(partial).toString();
  }

  /** Each disk has its own numbers: none is shown. */
  private static Snapshot numbered(Snapshot of) {
    return new Snapshot(
        "--",
        of.name(),
        of.vmStateSize(),
        of.dateSeconds(),
        of.dateNanos(),
        of.vmClockNanos(),
        of.instructionCount(),
        of.diskSize());
  }
}
