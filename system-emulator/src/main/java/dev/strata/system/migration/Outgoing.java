// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.Machine.Halt;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.MainMemory;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/** A machine on its way to another process. It runs on a thread of its own; any may give it up. */
final class Outgoing {
  static final long MAGIC = 0x5354524154414d47L; // "STRATAMG"
  static final int VERSION = 1;
  static final int END = 0; // kinds of record
  static final int PAGES = 1;
  static final int STATE = 2;
  static final int BITMAPS = 3;

  private static final int BUFFER = 256 << 10;

  private final Migration migration;
  private final Machine machine;
  private final MachineState state;
  private final MigrationUri uri;
  private final Counters counters = new Counters();
  private volatile @Nullable Connection way;
  private volatile @Nullable PacedOutput paced;
  private volatile boolean given; // up
  // Guarded by this.
  private boolean mayGoOn; // from before the disks change hands
  private boolean hurried; // by who wants the destination to begin

  Outgoing(Migration migration, Machine machine, MachineState state, MigrationUri uri) {
    this.migration = migration;
    this.machine = machine;
    this.state = state;
    this.uri = uri;
  }

  Counters counters() {
    return counters;
  }

  /** Gives it up: the machine goes on here. */
  void giveUp() {
    given = true;
    PacedOutput out = paced;
    if (out != null) {
      out.giveUp();
    }
    Connection here = way;
    if (here != null) {
      here.abort();
    }
    synchronized (this) {
      notifyAll();
    }
  }

  /** The disks may change hands. */
  synchronized void goOn() {
    mayGoOn = true;
    notifyAll();
  }

  /** The machine is to stop and go as it is, however long that takes. */
  synchronized void hurry() {
    hurried = true;
  }

  private synchronized boolean isHurried() {
    return hurried;
  }

  /** Sends it. The migration knows afterwards how that went. */
  void run() {
    var here = new Stand();
    try {
      requireNotGiven();
      Connection made = Connection.to(uri);
      way = made;
      requireNotGiven();
      made.open();
      var out = new PacedOutput(made.out(), counters, migration.parameters()::bandwidth);
      paced = out;
      counters.setUp();
      try (var stream = new DataOutputStream(new BufferedOutputStream(out, BUFFER))) {
        send(stream, out, here, made);
      }
    } catch (IOException | RuntimeException e) {
      here.goBack(e);
      Connection made = way;
      if (made != null) {
        made.abort();
      }
      migration.failed(given ? null : String.valueOf(e.getMessage()));
    }
  }

  private void requireNotGiven() throws BlockException {
    if (given) {
      throw new BlockException(Errno.ECANCELED, "given up");
    }
  }

  /** How the machine was, and what has become of it meanwhile. */
  private final class Stand {
    private boolean watched;
    private boolean stopped;
    private boolean ran;
    private boolean held;
    private @Nullable Halt before;
    private String word = "";

    void watch(MainMemory main) throws BlockException {
      state.betweenInstructions(main::watch);
      watched = true;
    }

    void stop() throws BlockException {
      ran = machine.isRunning();
      before = machine.halt();
      word = machine.state();
      stopped = true;
      machine.pause(Halt.LEAVING);
      machine.halt(Halt.LEAVING);
    }

    void hold() throws BlockException {
      held = true;
      state.betweenInstructions(() -> state.hold(true));
      state.awaitSettled();
    }

    void endWatch() {
      MainMemory main = state.mainMemory();
      if (watched && main != null) {
        watched = false;
        main.endWatch();
      }
    }

    /** The machine goes on as it did, with its disks. */
    void goBack(Exception reason) {
      endWatch();
      if (!stopped) {
        return;
      }
      try {
        migration.takeDisks();
        if (held) {
          state.betweenInstructions(() -> state.hold(false));
        }
        machine.halt(before);
        if (ran) {
          machine.resume();
        }
      } catch (BlockException e) {
        machine.halt(Halt.LEFT); // until somebody has it go on, if that can be
        reason.addSuppressed(e);
      }
    }
  }

  private void send(DataOutputStream out, PacedOutput paced, Stand here, Connection to)
      throws IOException {
    MainMemory main = state.mainMemory();
    out.writeLong(MAGIC);
    out.writeInt(VERSION);
    out.writeLong(main == null ? 0 : main.memory().byteSize());
    PagesOutput pages = main == null ? null : new PagesOutput(main.memory(), counters);
    if (main != null) {
      here.watch(main);
    }
    tellPass();
    migration.status(Status.ACTIVE);
    if (main != null && pages != null) {
      sendWhileItRuns(main, pages, out);
    }
    here.stop();
    if (migration.has(Capability.PAUSE_BEFORE_SWITCHOVER)) {
      migration.status(Status.PRE_SWITCHOVER);
      awaitGoingOn();
      migration.status(Status.DEVICE);
    } else if (isHurried()) {
      migration.status(Status.POSTCOPY_ACTIVE);
    }
    counters.stopped();
    paced.hurry();
    here.hold();
    if (main != null && pages != null) {
      tellPass();
      out.writeByte(PAGES);
      pages.write(take(main), false, out);
    }
    here.endWatch();
    migration.leaveDisks(out);
    sendRest(here, out);
    out.writeByte(END);
    out.flush();
    to.finish();
    counters.ended();
    machine.halt(Halt.LEFT);
    migration.completed();
  }

  private void sendWhileItRuns(MainMemory main, PagesOutput pages, DataOutputStream out)
      throws IOException {
    for (boolean first = true; ; first = false) {
      long began = System.nanoTime();
      long before = counters.bytes();
      out.writeByte(PAGES);
      pages.write(take(main), first, out);
      out.flush();
      requireNotGiven();
      double seconds = Math.max(1e-6, (System.nanoTime() - began) * 1e-9);
      double rate = (counters.bytes() - before) / seconds;
      double left = (double) main.dirtyPages() * PagesOutput.PAGE;
      if (left <= rate * migration.parameters().downtimeMillis() / 1000
          || isHurried()
          || !machine.isRunning()) {
        return;
      }
      tellPass();
    }
  }

  private long[] take(MainMemory main) throws BlockException {
    var taken = new long[1][];
    state.betweenInstructions(() -> taken[0] = main.take());
    return taken[0];
  }

  private void tellPass() {
    long pass = counters.pass();
    if (migration.has(Capability.EVENTS)) {
      migration.events().emit("MIGRATION_PASS", new JsonObject().put("pass", pass));
    }
  }

  private synchronized void awaitGoingOn() throws BlockException {
    while (!mayGoOn) {
      requireNotGiven();
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        given = true;
      }
    }
    requireNotGiven();
  }

  private void sendRest(Stand here, DataOutputStream out) throws IOException {
    var devices = new ByteArrayOutputStream(); // the screen's memory and less
    state.saveRest(devices);
    out.writeByte(STATE);
    var summed = new CheckedOutputStream(out, new CRC32C());
    devices.writeTo(summed);
    byte[] word = (here.ran ? "running" : here.word).getBytes(StandardCharsets.US_ASCII);
    summed.write(word.length);
    summed.write(word);
    out.writeInt((int) summed.getChecksum().getValue());
  }
}
