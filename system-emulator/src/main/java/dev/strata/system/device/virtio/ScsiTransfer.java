// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.IoVector;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.scsi.ScsiRequest;
import dev.strata.system.device.scsi.Sense;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A request of a virtio SCSI host's queue on its way to the bus and back. One at a time.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.6.6.1 Device Operation: Request Queues"
 */
final class ScsiTransfer {
  private static final int NOWHERE = -1;
  private static final int UNIT_BITS = 14;
  private static final int TAG_AT = 8;
  private static final int COMMAND_AT = 19; // behind unit, tag, attribute, priority and number
  private static final int RESPONSE = 12; // bytes, followed by sense data
  private static final int MOST_COMMAND = 255;

  private static final int STATUS_AT = 10;
  private static final int CHECK_CONDITION = 2;

  private static final int OVERRUN = 1; // responses
  private static final int BAD_TARGET = 3;

  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ScsiBus bus;
  private final ScsiRequest request = new ScsiRequest();
  private final MemorySegment header = MemorySegment.ofArray(new byte[COMMAND_AT + MOST_COMMAND]);
  private final byte[] answerBytes = new byte[RESPONSE + Sense.FIXED_BYTES];
  private final MemorySegment answer = MemorySegment.ofArray(answerBytes);

  private volatile long tag;
  private volatile int place = NOWHERE; // of the unit whose command is under way

  ScsiTransfer(ScsiBus bus) {
    this.bus = bus;
  }

  /** Whether a command of that unit is under way. */
  boolean isOf(int target, int unit) {
    return place == (target << UNIT_BITS | unit);
  }

  /** What the guest calls the command that is under way. */
  long tag() {
    return tag;
  }

  /**
   * Does a request.
   *
   * @return how many bytes of its writable part are to be given back as written
   */
  long run(Chain chain, int commandSize, int senseSize) throws BrokenQueueException {
    IoVector readable = chain.readable();
    IoVector writable = chain.writable();
    int headerSize = COMMAND_AT + commandSize;
    int answerSize = RESPONSE + senseSize;
    if (readable.length() < headerSize || writable.length() < answerSize) {
      throw new BrokenQueueException("a request without its header or its result");
    }
    readable.copyTo(0, header.asSlice(0, headerSize));
    request.command().set(header, COMMAND_AT);
    long sent = readable.length() - headerSize;
    long room = writable.length() - answerSize;
    request.begin(readable.slice(headerSize, sent), writable.slice(answerSize, room));
    int target = ScsiHost.target(header, 0);
    int unit = ScsiHost.unit(header, 0);
    tag = header.get(U64, TAG_AT);
    place = target << UNIT_BITS | unit;
    boolean there = unit >= 0 && bus.run(request, target, unit);
    request.end();
    place = NOWHERE;
    int response =
        !there ? BAD_TARGET : request.outcome() == ScsiRequest.Outcome.OVERRUN ? OVERRUN : 0;
    boolean failed = there && request.outcome() == ScsiRequest.Outcome.CHECK_CONDITION;
    int sense = failed ? Math.min(senseSize, Sense.FIXED_BYTES) : 0;
    // What is left of what either side meant to move.
    long residue =
        response != 0 || failed
            ? 0
            : sent > room ? sent - request.taken() : room - request.filled();
    answer.set(U32, 0, sense);
    answer.set(U32, 4, (int) residue);
    answer.set(U32, 8, 0);
    answerBytes[STATUS_AT] = (byte) (failed ? CHECK_CONDITION : 0);
    answerBytes[STATUS_AT + 1] = (byte) response;
    if (failed) {
      Sense.write(request.sense(), answerBytes, RESPONSE);
    }
    writable.slice(0, RESPONSE + sense).copyFrom(0, answer.asSlice(0, RESPONSE + sense));
    return answerSize + request.filled();
  }
}
