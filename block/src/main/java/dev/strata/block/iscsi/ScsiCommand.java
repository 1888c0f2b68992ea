// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One command on its way, with the memory that the library needs for it; used again for others.
 *
 * <p>Its fields belong to whoever took it from the {@link Session}, but between {@link Session
 * #execute}'s sending and {@link #finish} to the session's lock.
 */
final class ScsiCommand {
  /** Of {@link #parameters}, in bytes: more than any parameter list or reply here. */
  static final int PARAMETER_SIZE = 255;

  private static final int MAX_POOLED_SEGMENTS = 32;

  final int slot;
  private final MemorySegment block;
  private final MemorySegment parameters;
  private final MemorySegment vector;
  private MemorySegment usedVector;
  private int direction;
  private int count;
  private int length;

  private @Nullable Thread caller;
  private long task; // of the library, while the command is in flight
  private int status;
  private int senseKey;
  private int senseCode;
  private int residualStatus;
  private long residual;
  private volatile boolean done;

  ScsiCommand(int slot, Arena memory) {
    this.slot = slot;
    this.block = memory.allocate(ScsiTask.COMMAND_BLOCK_SIZE, 8);
    this.parameters = memory.allocate(PARAMETER_SIZE, 8);
    this.vector = memory.allocate(MAX_POOLED_SEGMENTS * ScsiTask.IOVEC_SIZE, 8);
    this.usedVector = vector;
  }

  /** The command descriptor block, for {@link CommandBlock}. */
  MemorySegment block() {
    return block;
  }

  /** What is sent with the command or comes back, if that is not a guest's data. */
  MemorySegment parameters() {
    return parameters;
  }

  /** The command carries nothing. */
  void transferNothing() {
    direction = Libiscsi.TRANSFER_NONE;
    count = 0;
    length = 0;
  }

  /** The target's reply goes into {@link #parameters}. */
  void receiveParameters(int size) {
    parameters.fill((byte) 0); // so that what does not come is not what came before
    transfer(Libiscsi.TRANSFER_READ, parameters, size);
  }

  /** The first bytes of {@link #parameters} go with the command. */
  void sendParameters(int size) {
    transfer(Libiscsi.TRANSFER_WRITE, parameters, size);
  }

  /** The bytes of {@code segment}, off-heap, go with the command. */
  void send(MemorySegment segment) {
    transfer(Libiscsi.TRANSFER_WRITE, segment, (int) segment.byteSize());
  }

  private void transfer(int way, MemorySegment segment, int size) {
    direction = way;
    count = 1;
    length = size;
    usedVector = vector;
    put(0, segment.address(), size);
  }

  /**
   * The command reads into, or writes from, that memory.
   *
   * @param way {@link Libiscsi#TRANSFER_READ} or {@link Libiscsi#TRANSFER_WRITE}
   * @param data off-heap, less than 2 GiB
   */
  void transfer(int way, IoVector data) {
    direction = way;
    count = data.count();
    length = Math.toIntExact(data.length());
    usedVector =
        count <= MAX_POOLED_SEGMENTS
            ? vector
            : Arena.ofAuto().allocate(count * ScsiTask.IOVEC_SIZE, 8);
    for (int i = 0; i < count; i++) {
      MemorySegment segment = data.segment(i);
      put(i, segment.address(), segment.byteSize());
    }
  }

  private void put(int index, long address, long size) {
    long at = index * ScsiTask.IOVEC_SIZE;
    usedVector.set(ValueLayout.JAVA_LONG, at, address);
    usedVector.set(ValueLayout.JAVA_LONG, at + ScsiTask.IOVEC_LENGTH, size);
  }

  /**
   * A new task of the library for this command, which {@link #finish} gives back.
   *
   * @return its address, or 0 if there is no memory
   */
  long createTask() {
    caller = Thread.currentThread();
    done = false;
    task = Libiscsi.scsiCreateTask(ScsiTask.COMMAND_BLOCK_SIZE, block.address(), direction, length);
    if (task == 0) {
      return 0;
    }
    if (direction == Libiscsi.TRANSFER_READ) {
      Libiscsi.scsiTaskSetIovIn(task, usedVector.address(), count);
    } else if (direction == Libiscsi.TRANSFER_WRITE) {
      Libiscsi.scsiTaskSetIovOut(task, usedVector.address(), count);
    }
    return task;
  }

  /** Takes what the task says of how it went, and lets the caller go on. */
  void finish(int result) {
    status = result;
    senseKey = ScsiTask.senseKey(task);
    senseCode = ScsiTask.senseCode(task);
    residualStatus = ScsiTask.residualStatus(task);
    residual = ScsiTask.residual(task);
    Libiscsi.scsiFreeScsiTask(task);
    task = 0;
    Thread waiting = caller;
    caller = null;
    done = true; // from here on the command may be used for something else
    LockSupport.unpark(waiting);
  }

  /** Waits for {@link #finish}: a request is not abandoned half way, be its thread interrupted. */
  void await() {
    boolean interrupted = false;
    while (!done) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** {@link ScsiStatus}. */
  int status() {
    return status;
  }

  boolean isUnitAttention() {
    return status == ScsiStatus.CHECK_CONDITION && senseKey == Sense.UNIT_ATTENTION;
  }

  /** Whether the target does not know the command, or not with these fields. */
  boolean isUnsupported() {
    return status == ScsiStatus.CHECK_CONDITION && Sense.isUnsupported(senseKey, senseCode);
  }

  /** Whether the target carried the command out, and all of its data went over. */
  boolean isWhole() {
    return status == ScsiStatus.GOOD && residualStatus == ScsiTask.NO_RESIDUAL;
  }

  /** How many bytes of a reply into {@link #parameters} came, as the target says. */
  int received() {
    if (residualStatus != ScsiTask.UNDERFLOW) {
      return length;
    }
    return residual < 0 || residual > length ? 0 : (int) (length - residual);
  }

  /** What POSIX calls the failure, if there was one. */
  Errno errno() {
    return switch (status) {
      case ScsiStatus.CHECK_CONDITION -> Sense.errno(senseKey, senseCode);
      case ScsiStatus.BUSY, ScsiStatus.TASK_SET_FULL, ScsiStatus.RESERVATION_CONFLICT ->
          Errno.EBUSY;
      case ScsiStatus.TIMEOUT -> Errno.ETIMEDOUT;
      default -> Errno.EIO;
    };
  }

  /** The failure in words. */
  String describe() {
    return switch (status) {
      case ScsiStatus.GOOD -> "the target moved " + residual + " bytes less or more than asked";
      case ScsiStatus.CHECK_CONDITION ->
          "SENSE KEY:"
              + known(Libiscsi.scsiSenseKeyStr(senseKey))
              + "("
              + senseKey
              + ") ASCQ:"
              + known(Libiscsi.scsiSenseAscqStr(senseCode))
              + "(0x"
              + hex(senseCode)
              + ")";
      case ScsiStatus.BUSY -> "BUSY";
      case ScsiStatus.TASK_SET_FULL -> "TASK SET FULL";
      case ScsiStatus.RESERVATION_CONFLICT -> "RESERVATION CONFLICT";
      case ScsiStatus.TIMEOUT -> "the target did not answer in time";
      case ScsiStatus.CANCELLED -> "the connection was given up";
      default -> "status 0x" + Integer.toHexString(status);
    };
  }

  /** As C prints a name that the library does not have. */
  private static String known(@Nullable String name) {
    return name == null ? "(null)" : name;
  }

  private static String hex(int code) {
    String digits = Integer.toHexString(code & 0xffff);
    return "0".repeat(4 - digits.length()) + digits;
  }

  /** The failure as an exception with the system's words. */
  BlockException failure() {
    return BlockException.of(errno());
  }
}
