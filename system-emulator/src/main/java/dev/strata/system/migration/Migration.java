// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ThreadEnd;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobStatus;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.Monitor;
import dev.strata.monitor.qmp.QmpEvents;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.Machine.Halt;
import dev.strata.system.machine.MachineState;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A machine's moves: to another process, or from one. Any thread; one move at a time.
 *
 * @see "QEMU qapi/migration.json"
 */
public final class Migration {
  /** Where nobody is waited for until a command says who comes. */
  public static final String DEFER = "defer";

  private final Machine machine;
  private final MachineState state;
  private final Monitor monitor;
  private final Consumer<String> errors;
  private final Parameters parameters = new Parameters();
  private final Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
  private final MovedBitmaps bitmaps;
  private final boolean expects;
  // Guarded by this.
  private Status status = Status.NONE;
  private @Nullable String error;
  private @Nullable Outgoing outgoing;
  private @Nullable Incoming incoming;
  private @Nullable Thread thread;
  private @Nullable String listensAt; // a Unix socket's path
  private boolean begins; // to run when it has come
  private boolean disksLeft; // or not taken yet

  /**
   * The moves of a machine.
   *
   * @param expects whether it comes from another process, and is paused until it has
   * @param begins whether it runs then, if it did there
   * @param errors hears why it could not come
   */
  public Migration(
      Machine machine,
      MachineState state,
      Monitor monitor,
      boolean expects,
      boolean begins,
      Consumer<String> errors) {
    this.machine = machine;
    this.state = state;
    this.monitor = monitor;
    this.expects = expects;
    this.begins = begins;
    this.errors = errors;
    this.bitmaps = new MovedBitmaps(monitor, parameters);
    this.disksLeft = expects;
  }

  Parameters parameters() {
    return parameters;
  }

  QmpEvents events() {
    return monitor.events();
  }

  MovedBitmaps bitmaps() {
    return bitmaps;
  }

  synchronized boolean has(Capability capability) {
    return capabilities.contains(capability);
  }

  /** Wants what can be had. */
  synchronized void want(Map<Capability, Boolean> changes) throws BlockException {
    if (status.isUnderWay() && (outgoing != null || incoming != null) && isMoving()) {
      throw inProgress();
    }
    for (var each : changes.entrySet()) {
      Capability capability = each.getKey();
      if (each.getValue() && !capability.isPossible()) {
        throw error(
            capability == Capability.POSTCOPY_RAM
                ? "Postcopy is not supported"
                : "the capability '" + capability.word() + "' is not supported");
      }
    }
    changes.forEach((capability, on) -> {
      if (on) {
        capabilities.add(capability);
      } else {
        capabilities.remove(capability);
      }
    });
  }

  /** Whether pages go or come, not only somebody is waited for. */
  private boolean isMoving() {
    return outgoing != null || status != Status.SETUP;
  }

  static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private static BlockException inProgress() {
    return error("There's a migration process in progress");
  }

  // How far it is

  void status(Status now) {
    boolean told;
    synchronized (this) {
      if (status == Status.CANCELLING && now.isUnderWay()) {
        return;
      }
      status = now;
      told = has(Capability.EVENTS);
      notifyAll();
    }
    if (told) {
      monitor.events().emit("MIGRATION", new JsonObject().put("status", now.word()));
    }
  }

  synchronized Status status() {
    return status;
  }

  synchronized @Nullable String failure() {
    return error;
  }

  synchronized @Nullable Counters counters() {
    Outgoing here = outgoing;
    return here == null ? null : here.counters();
  }

  synchronized @Nullable String listensAt() {
    return listensAt;
  }

  long totalBytes() {
    var main = state.mainMemory();
    return main == null ? 0 : main.memory().byteSize();
  }

  long remainingBytes() {
    var main = state.mainMemory();
    return main == null ? 0 : main.dirtyPages() * PagesOutput.PAGE;
  }

  // Away

  /** Begins to send the machine. */
  void start(String text) throws BlockException {
    Outgoing begun;
    synchronized (this) {
      if (status.isUnderWay() && outgoing != null) {
        throw inProgress();
      }
      if (machine.halt() == Halt.INCOMING) {
        throw error("Guest is waiting for an incoming migration");
      }
      if (machine.halt() == Halt.LEFT) {
        throw error("Can't migrate the vm that was paused due to previous migration");
      }
      error = null;
      MigrationUri uri = MigrationUri.parse(text);
      if (uri == null) {
        status = Status.FAILED;
        throw error("Parameter 'uri' expects a valid migration protocol");
      }
      begun = new Outgoing(this, machine, state, uri);
      outgoing = begun;
      status = Status.SETUP;
    }
    status(Status.SETUP);
    Thread made = Thread.ofPlatform().daemon().name("live migration").unstarted(begun::run);
    synchronized (this) {
      thread = made;
    }
    made.start();
  }

  /** Waits until the machine is sent, or is not: why not, or null. */
  synchronized @Nullable String await() {
    while (status.isUnderWay()) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }
    return error;
  }

  /** Gives it up, if it is under way. */
  void cancel() {
    Outgoing here;
    synchronized (this) {
      here = outgoing;
      if (here == null || !status.isUnderWay() || status == Status.CANCELLING) {
        return;
      }
    }
    status(Status.CANCELLING);
    here.giveUp();
  }

  /** The disks may change hands. */
  void goOn(String expected) throws BlockException {
    Outgoing here;
    synchronized (this) {
      here = outgoing;
      if (here == null || !status.word().equals(expected)) {
        throw error("Migration not in expected state: " + status.word());
      }
    }
    here.goOn();
  }

  /** The machine is to go at once, and what can wait comes after. */
  void hurry() throws BlockException {
    Outgoing here;
    synchronized (this) {
      if (!has(Capability.DIRTY_BITMAPS)) {
        throw error("Enable postcopy with migrate_set_capability before the start of migration");
      }
      here = outgoing;
      if (here == null || status == Status.NONE) {
        throw error("Postcopy must be started after migration has been started");
      }
    }
    here.hurry();
  }

  /** Leaves the disks to the destination, and sends what of their bitmaps goes there. */
  void leaveDisks(DataOutputStream out) throws IOException {
    for (Job job : monitor.jobs().all()) {
      if (job.isBlockJob()
          && !job.type().equals("mirror")
          && monitor.jobs().progress(job).status() != JobStatus.CONCLUDED) {
        throw error("a job of type '" + job.type() + "' writes to a disk");
      }
    }
    if (has(Capability.DIRTY_BITMAPS)) {
      out.writeByte(Outgoing.BITMAPS);
      bitmaps.write(out);
    }
    synchronized (this) {
      disksLeft = true;
    }
    monitor.graph().deactivate();
  }

  /** Takes the disks that were left. */
  void takeDisks() throws BlockException {
    synchronized (this) {
      if (!disksLeft) {
        return;
      }
    }
    monitor.graph().activate();
    synchronized (this) {
      disksLeft = false;
    }
  }

  void completed() {
    status(Status.COMPLETED);
  }

  /**
   * It did not go.
   *
   * @param why null if nobody wants it any more
   */
  void failed(@Nullable String why) {
    synchronized (this) {
      error = why;
    }
    if (why != null) {
      errors.accept(why);
    }
    status(why == null ? Status.CANCELLED : Status.FAILED);
  }

  // Here

  /**
   * Waits for the machine.
   *
   * @param text where it comes from
   */
  public void expect(String text) throws BlockException {
    if (!expects) {
      throw error("'-incoming' was not specified on the command line");
    }
    synchronized (this) {
      if (incoming != null) {
        throw error("The incoming migration has already been started");
      }
    }
    MigrationUri uri = MigrationUri.parse(text);
    status(Status.SETUP);
    if (uri == null) {
      throw error("unknown migration protocol: " + text);
    }
    var coming = new Incoming(this, state, Connection.from(uri));
    Thread made = Thread.ofPlatform().daemon().name("incoming migration").unstarted(coming::run);
    synchronized (this) {
      incoming = coming;
      thread = made;
      listensAt = uri instanceof MigrationUri.Unix(String path) ? path : null;
    }
    made.start();
  }

  /** The machine is here. */
  void arrived(String word) throws BlockException {
    boolean runs;
    synchronized (this) {
      runs = begins && word.equals("running");
    }
    monitor.graph().opensInactive(false);
    if (runs || !has(Capability.LATE_BLOCK_ACTIVATE)) {
      takeComing();
    }
    machine.arrived(word);
    if (runs) {
      keepOthersOut();
      machine.resume();
    }
    status(Status.COMPLETED);
  }

  private void takeComing() throws BlockException {
    synchronized (this) {
      if (!disksLeft) {
        return;
      }
    }
    monitor.graph().activate();
    bitmaps.putIn();
    state.betweenInstructions(() -> state.hold(false));
    synchronized (this) {
      disksLeft = false;
    }
  }

  void incomingFailed(String why) {
    synchronized (this) {
      error = why;
    }
    status(Status.FAILED);
    errors.accept("load of migration failed: " + why);
    machine.end(1);
  }

  // Pausing and going on

  /**
   * Somebody wants the machine to go on: whether it can do so now.
   *
   * @throws BlockException if it cannot
   */
  public boolean mayResume() throws BlockException {
    synchronized (this) {
      Halt why = machine.halt();
      if (why == Halt.LEAVING) {
        throw error("Migration is not finalized yet");
      }
      if (why == Halt.INCOMING) {
        begins = true;
        return false;
      }
    }
    takeComing();
    keepOthersOut();
    return true;
  }

  /** An export by which the disk was filled may still be there: that is said, and holds nobody. */
  private void keepOthersOut() {
    try {
      monitor.graph().guestRuns();
    } catch (BlockException e) {
      errors.accept(String.valueOf(e.getMessage()));
    }
  }

  /** Somebody wants the machine to pause: whether there is anything that runs. */
  public synchronized boolean mayPause() {
    if (machine.halt() == Halt.INCOMING) {
      begins = false;
      return false;
    }
    return true;
  }

  /** Ends what is under way: the machine is no more. */
  public void end() {
    Thread here;
    synchronized (this) {
      here = thread;
      if (incoming != null) {
        incoming.giveUp();
      }
      if (outgoing != null && status.isUnderWay()) {
        outgoing.giveUp();
      }
    }
    if (here != null && here != Thread.currentThread()) {
      ThreadEnd.await(here);
    }
  }
}
