// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import static dev.strata.system.device.scsi.BigEndian.put32;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.DriveDevice;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.state.StateFields;

/**
 * A unit of a SCSI target: what all kinds of them do. Thread-safe: any number of commands at once.
 *
 * @see "SCSI Architecture Model - 3; SCSI Primary Commands - 3"
 */
public abstract class LogicalUnit implements DriveDevice {
  /** Of the command's second byte: the medium itself is meant, no cache. */
  private static final int FORCE_UNIT_ACCESS = 8;

  private static final int VITAL = 1; // of the second byte of INQUIRY
  private static final int DESCRIPTORS = 1; // of the second byte of REQUEST SENSE
  private static final int ONLY_UP_TO = 1; // of the ninth byte of READ CAPACITY
  private static final int PROVISIONED = 0x80;

  /** Who hears that a unit has something to say. */
  public interface Listener {
    /** Nobody. */
    Listener NOBODY = (unit, sense) -> {};

    /** What is known of a unit has changed; called on any thread, without locks of the unit. */
    void attention(LogicalUnit unit, int sense);
  }

  private final GuestDrive drive;
  private final InquiryData identity;
  private final int blockBytes;
  private volatile Listener listener = Listener.NOBODY;
  private volatile int lastSense;
  private int attention = Sense.RESET; // guarded by this
  private int running; // commands; guarded by this

  LogicalUnit(GuestDrive drive, InquiryData identity, int blockBytes) {
    this.drive = drive;
    this.identity = identity;
    this.blockBytes = blockBytes;
    drive.device(this);
  }

  /** What the unit's blocks are kept in. */
  public final GuestDrive drive() {
    return drive;
  }

  /** Says who hears of changes. */
  final void listener(Listener told) {
    listener = told;
  }

  final Listener listener() {
    return listener;
  }

  final int blockBytes() {
    return blockBytes;
  }

  /** Whether the medium can be taken out. */
  abstract boolean isRemovable();

  /** How many blocks the medium has; 0 without one. */
  abstract long blocks();

  /** Whether there is a medium that can be reached. */
  abstract boolean hasMedium();

  /** Carries a command out that is this kind of unit's. */
  abstract void command(ScsiRequest request) throws BlockException;

  // Attention

  final void attend(int sense) {
    synchronized (this) {
      attention = sense;
    }
  }

  private synchronized int takeAttention() {
    int taken = attention;
    attention = afterAttention(taken);
    return taken;
  }

  /** What there is to say when the host has heard of something. */
  int afterAttention(int heard) {
    return Sense.NONE;
  }

  @Override
  public void resized() {
    attend(Sense.CAPACITY_CHANGED);
    listener.attention(this, Sense.CAPACITY_CHANGED);
  }

  /** Puts the unit into the state after power on; waits for its commands. */
  public final void reset() {
    drive.abandon();
    settle();
    resetState();
    attend(Sense.RESET);
  }

  /** Returns when no command is being carried out. */
  public final void settle() {
    boolean interrupted = false;
    synchronized (this) {
      while (running > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Forgets what the guest has set. */
  abstract void resetState();

  // Commands

  /** Carries a command out, but for those that are its target's. */
  final void run(ScsiRequest request) {
    synchronized (this) {
      running++;
    }
    try {
      int operation = request.command().operation();
      switch (operation) {
        case Operation.REQUEST_SENSE -> requestSense(request);
        case Operation.INQUIRY -> inquiry(request);
        case Operation.GET_CONFIGURATION, Operation.GET_EVENT_STATUS_NOTIFICATION ->
            runNow(request);
        default -> {
          int first = takeAttention();
          if (first == Sense.NONE) {
            runNow(request);
          } else {
            request.fail(first);
          }
        }
      }
      boolean begun = request.outcome() != ScsiRequest.Outcome.OVERRUN;
      if (operation != Operation.REQUEST_SENSE && begun) {
        lastSense = request.sense();
      }
    } finally {
      synchronized (this) {
        running--;
        if (running == 0) {
          notifyAll();
        }
      }
    }
  }

  private void runNow(ScsiRequest request) {
    try {
      command(request);
    } catch (BlockException e) {
      request.fail(Sense.of(e));
    } catch (OutOfMemoryError e) {
      request.fail(Sense.TARGET_FAILURE);
    }
  }

  private void requestSense(ScsiRequest request) {
    CommandBlock command = request.command();
    int sense = takeAttention();
    if (sense == Sense.NONE) {
      sense = lastSense;
      lastSense = Sense.NONE;
    }
    request.reply(Sense.bytes(sense, command.has(1, DESCRIPTORS)), command.u8(4));
  }

  private void inquiry(ScsiRequest request) {
    CommandBlock command = request.command();
    int page = command.u8(2);
    int allocation = command.u16(3);
    if (command.has(1, VITAL)) {
      byte[] answer = identity.vital(page);
      if (answer == null) {
        request.fail(Sense.INVALID_FIELD);
      } else {
        request.reply(answer, allocation);
      }
    } else if (page != 0) {
      request.fail(Sense.INVALID_FIELD);
    } else {
      request.reply(identity.standard(isRemovable(), allocation), allocation);
    }
  }

  // What disks and CD drives have in common

  final void readCapacity(ScsiRequest request) {
    CommandBlock command = request.command();
    if (!command.has(8, ONLY_UP_TO) && command.u32(2) != 0) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    var answer = new byte[8];
    put32(answer, 0, Math.min(blocks() - 1, 0xffffffffL));
    put32(answer, 4, blockBytes);
    request.reply(answer, answer.length);
  }

  final void readCapacity16(ScsiRequest request) {
    CommandBlock command = request.command();
    if ((command.u8(1) & 0x1f) != 0x10) { // the service action
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    if (!command.has(14, ONLY_UP_TO) && command.u64(2) != 0) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    var answer = new byte[32];
    long last = blocks() - 1;
    put32(answer, 0, last >> 32);
    put32(answer, 4, last);
    put32(answer, 8, blockBytes);
    answer[14] = (byte) PROVISIONED;
    request.reply(answer, command.u32(10));
  }

  /** Whether so many blocks are on the medium; if not, the command fails. */
  final boolean isOnMedium(ScsiRequest request, long first, long count, Access access) {
    long blocks = blocks();
    if (first < 0 || first > blocks || count > blocks - first) {
      drive.invalid(access);
      request.fail(Sense.OUT_OF_RANGE);
      return false;
    }
    return true;
  }

  static boolean isForced(ScsiRequest request) {
    CommandBlock command = request.command();
    return command.operation() >> 5 != 0 && command.has(1, FORCE_UNIT_ACCESS);
  }

  final void read(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    long first = command.firstBlock();
    long count = command.blocks();
    IoVector into = request.roomFor(count * blockBytes);
    if (!request.isGood()
        || !isOnMedium(request, first, count, Access.READ)
        || into.length() == 0) {
      return;
    }
    if (isForced(request)) {
      drive.flush(); // what is read is what would be read after a failure of power
    }
    drive.read(first * blockBytes, into);
    request.filled(into.length());
  }

  /** The fields, when no command is carried out. */
  public synchronized void state(StateFields state) throws BlockException {
    lastSense = state.i32("last sense", lastSense);
    attention = state.i32("attention", attention);
  }
}
