// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.IoVector;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.system.device.scsi.LogicalUnit;
import dev.strata.system.device.scsi.ScsiBus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What a guest asks of a SCSI host beside commands. A command that is under way cannot be stopped:
 * whoever wants it aborted waits until it is done.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.6.6.2 Device Operation: controlq"
 */
final class TaskManagement {
  private static final int TASKS = 0; // kinds of requests
  private static final int ASK = 1;
  private static final int SUBSCRIBE = 2;

  private static final int TAG_AT = 16;
  private static final int TASKS_BYTES = 24;
  private static final int NOTIFICATION_BYTES = 16;

  private static final int ABORT_TASK = 0; // of tasks
  private static final int ABORT_TASK_SET = 1;
  private static final int CLEAR_TASK_SET = 3;
  private static final int RESET_TARGET = 4;
  private static final int RESET_UNIT = 5;
  private static final int QUERY_TASK = 6;
  private static final int QUERY_TASK_SET = 7;

  private static final int COMPLETE = 0; // responses
  private static final int BAD_TARGET = 3;
  private static final int SUCCEEDED = 10;
  private static final int REJECTED = 11;
  private static final int INCORRECT_UNIT = 12;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TaskManagement() {}

  /**
   * Does a request.
   *
   * @return how many bytes of its writable part are new
   */
  static long run(ScsiHost host, Chain chain) throws BrokenQueueException {
    IoVector given = chain.readable();
    IoVector room = chain.writable();
    if (given.length() < NOTIFICATION_BYTES) {
      throw new BrokenQueueException("a control request of " + given.length() + " bytes");
    }
    var header = MemorySegment.ofArray(new byte[TASKS_BYTES]);
    given.copyTo(0, header.asSlice(0, Math.min(TASKS_BYTES, given.length())));
    int kind = header.get(U32, 0);
    int bytes =
        switch (kind) {
          case TASKS -> 1;
          case ASK, SUBSCRIBE -> 5;
          default -> 0; // what there may be one day is passed over
        };
    if (room.length() < bytes || (kind == TASKS && given.length() < TASKS_BYTES)) {
      throw new BrokenQueueException("a control request without room for its result");
    }
    var answer = new byte[bytes];
    if (kind == TASKS) {
      answer[0] = (byte) manage(host, header);
    }
    // Of the media's own events none is asked for by itself: all zeroes.
    room.slice(0, bytes).copyFrom(0, MemorySegment.ofArray(answer));
    return bytes;
  }

  private static int manage(ScsiHost host, MemorySegment header) {
    ScsiBus bus = host.bus();
    int target = ScsiHost.target(header, 8);
    int number = ScsiHost.unit(header, 8);
    int what = header.get(U32, 4);
    return switch (what) {
      case RESET_TARGET -> {
        bus.reset(target);
        yield COMPLETE;
      }
      case ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, RESET_UNIT, QUERY_TASK, QUERY_TASK_SET -> {
        LogicalUnit unit = number < 0 ? null : bus.at(target, number);
        if (unit == null) {
          yield missing(bus, target, number);
        }
        yield switch (what) {
          case QUERY_TASK ->
              host.isUnderWay(target, number, header.get(U64, TAG_AT)) ? SUCCEEDED : COMPLETE;
          case QUERY_TASK_SET -> host.isBusy(target, number) ? SUCCEEDED : COMPLETE;
          case RESET_UNIT -> {
            unit.reset();
            yield COMPLETE;
          }
          default -> {
            unit.settle();
            yield COMPLETE;
          }
        };
      }
      default -> REJECTED;
    };
  }

  private static int missing(ScsiBus bus, int target, int number) {
    return number >= 0 && bus.hasTarget(target) ? INCORRECT_UNIT : BAD_TARGET;
  }
}
