// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.SplitQueue;
import dev.strata.system.device.scsi.CommandBlock;
import dev.strata.system.device.scsi.LogicalUnit;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.scsi.Sense;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A host adapter: a SCSI bus that the guest reaches by queues.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.6 SCSI Host Device"
 */
public final class ScsiHost implements VirtioDevice, ScsiBus.Listener {
  private static final long HOTPLUG = 1 << 1; // features
  private static final long CHANGE = 1 << 2;

  private static final int CONTROL = 0; // queues
  private static final int EVENTS = 1;
  private static final int QUEUES = 3;

  private static final int SENSE_SIZE = 20; // in the configuration, followed by that of commands
  private static final int CONFIGURATION = 36;
  private static final int DEFAULT_SENSE = 96;
  private static final int DEFAULT_COMMAND = 32;
  private static final int MOST_SENSE = 0xffff;
  private static final int MOST_COMMAND = 255;

  private static final int TRANSPORT_RESET = 1; // events
  private static final int PARAMETERS_CHANGED = 3;
  private static final int MISSED = 0x80000000;
  private static final int ARRIVED = 1; // reasons of a reset: look for it
  private static final int LEFT = 2;
  private static final int EVENT_BYTES = 16;
  private static final int MOST_EVENTS = 64;

  /** Requests at a time: most wait for what is below, and one disk's are not to hold up others'. */
  private static final int PARALLELISM = 16;

  private final ScsiBus bus = new ScsiBus(this);
  private final ScsiTransfer[] all = new ScsiTransfer[PARALLELISM];
  private final ScsiTransfer[] transfers = new ScsiTransfer[PARALLELISM]; // guarded by this
  private int free; // of the transfers, the first ones; guarded by this
  private final ArrayDeque<int[]> events = new ArrayDeque<>(); // guarded by this
  private boolean missed; // an event; guarded by this
  private VirtioTransport transport = VirtioTransport.NONE;
  private volatile long accepted; // features
  private volatile int senseSize = DEFAULT_SENSE;
  private volatile int commandSize = DEFAULT_COMMAND;

  /** An adapter without units. */
  public ScsiHost() {
    for (int index = 0; index < PARALLELISM; index++) {
      all[index] = new ScsiTransfer(bus);
      transfers[index] = all[index];
    }
    free = PARALLELISM;
  }

  /** Where units are put. */
  public ScsiBus bus() {
    return bus;
  }

  @Override
  public int kind() {
    return 8;
  }

  @Override
  public int transitionalId() {
    return 0x1004;
  }

  @Override
  public int classCode() {
    return 0x010000;
  }

  @Override
  public long features() {
    return HOTPLUG | CHANGE;
  }

  @Override
  public int queues() {
    return QUEUES;
  }

  @Override
  public int parallelism() {
    return PARALLELISM;
  }

  @Override
  public int configuration(int offset) {
    if (offset >= CONFIGURATION) {
      return 0;
    }
    var layout = ByteBuffer.allocate(CONFIGURATION).order(ByteOrder.LITTLE_ENDIAN);
    layout.putInt(1); // queue of requests
    layout.putInt(254); // segments of one
    layout.putInt(0xffff); // sectors of one
    layout.putInt(128); // commands of a unit
    layout.putInt(EVENT_BYTES);
    layout.putInt(senseSize);
    layout.putInt(commandSize);
    layout.putShort((short) 0); // the last channel
    layout.putShort((short) ScsiBus.LAST_TARGET);
    layout.putInt(ScsiBus.LAST_UNIT);
    return layout.get(offset) & 0xff;
  }

  /** Bytes of two numbers can be written; what makes no sense is not heeded. */
  @Override
  public void configure(int offset, int value) {
    int at = offset - SENSE_SIZE;
    if (at < 0 || at >= 8) {
      return;
    }
    int shift = 8 * (at & 3);
    int old = at < 4 ? senseSize : commandSize;
    int size = (old & ~(0xff << shift)) | value << shift;
    if (at < 4) {
      senseSize = size >= 0 && size <= MOST_SENSE ? size : old;
    } else {
      commandSize = size >= CommandBlock.BYTES && size <= MOST_COMMAND ? size : old;
    }
  }

  @Override
  public void connect(VirtioTransport by) {
    transport = by;
  }

  @Override
  public void accept(long features) {
    accepted = features;
  }

  @Override
  public void abandon(boolean abandoned) {
    for (LogicalUnit unit : bus.all()) {
      unit.drive().abandonAll(abandoned);
    }
  }

  @Override
  public void reset() {
    accepted = 0;
    senseSize = DEFAULT_SENSE;
    commandSize = DEFAULT_COMMAND;
    synchronized (this) {
      events.clear();
      missed = false;
    }
    bus.all().forEach(LogicalUnit::reset);
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    if (queueIndex == EVENTS) {
      return tell(queue);
    }
    Chain chain;
    synchronized (queue) {
      chain = queue.take();
    }
    if (chain == null) {
      return false;
    }
    queue.give(chain, queueIndex == CONTROL ? control(chain) : command(chain));
    return true;
  }

  // Commands

  private long command(Chain chain) throws BrokenQueueException {
    ScsiTransfer transfer;
    synchronized (this) {
      transfer = transfers[--free]; // there are as many as threads
    }
    try {
      return transfer.run(chain, commandSize, senseSize);
    } finally {
      synchronized (this) {
        transfers[free++] = transfer;
      }
    }
  }

  private long control(Chain chain) throws BrokenQueueException {
    return TaskManagement.run(this, chain);
  }

  /** Whether a unit carries out a command that the guest calls so. */
  boolean isUnderWay(int target, int unit, long tag) {
    for (ScsiTransfer each : all) {
      if (each.isOf(target, unit) && each.tag() == tag) {
        return true;
      }
    }
    return false;
  }

  /** Whether a unit carries out any command. */
  boolean isBusy(int target, int unit) {
    for (ScsiTransfer each : all) {
      if (each.isOf(target, unit)) {
        return true;
      }
    }
    return false;
  }

  // Events

  @Override
  public void arrived(int target, int unit) {
    if ((accepted & HOTPLUG) != 0) {
      event(TRANSPORT_RESET, target, unit, ARRIVED);
    }
  }

  @Override
  public void left(int target, int unit) {
    if ((accepted & HOTPLUG) != 0) {
      event(TRANSPORT_RESET, target, unit, LEFT);
    }
  }

  @Override
  public void attention(LogicalUnit unit, int sense) {
    int @Nullable [] place = bus.placeOf(unit);
    if ((accepted & CHANGE) != 0 && place != null) {
      event(PARAMETERS_CHANGED, place[0], place[1], Sense.reason(sense));
    }
  }

  private void event(int kind, int target, int unit, int reason) {
    synchronized (this) {
      if (events.size() < MOST_EVENTS) {
        events.add(new int[] {kind, target, unit, reason});
      } else {
        missed = true;
      }
    }
    transport.attend(EVENTS);
  }

  /** Tells the guest of an event, if it has given room for one. */
  private boolean tell(SplitQueue queue) throws BrokenQueueException {
    synchronized (this) {
      int[] event = events.peek();
      Chain chain;
      synchronized (queue) {
        chain = event == null ? null : queue.take();
      }
      if (event == null || chain == null) {
        return false;
      }
      events.remove();
      IoVector room = chain.writable();
      if (room.length() < EVENT_BYTES) {
        throw new BrokenQueueException("room of " + room.length() + " bytes for an event");
      }
      var bytes = ByteBuffer.allocate(EVENT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putInt(event[0] | (missed ? MISSED : 0));
      missed = false;
      bytes.put((byte) 1).put((byte) event[1]); // one target of the bus
      int unit = event[2];
      bytes.put((byte) (unit < 256 ? 0 : 0x40 | unit >> 8)).put((byte) unit).putInt(0);
      bytes.putInt(event[3]);
      room.slice(0, EVENT_BYTES).copyFrom(0, MemorySegment.ofArray(bytes.array()));
      queue.give(chain, EVENT_BYTES);
      return true;
    }
  }

  /** The unit's number in a structure of eight bytes, or -1 if that is none of this bus. */
  static int unit(MemorySegment header, long at) {
    int upper = header.get(ValueLayout.JAVA_BYTE, at + 2) & 0xff;
    int lower = header.get(ValueLayout.JAVA_BYTE, at + 3) & 0xff;
    boolean known = header.get(ValueLayout.JAVA_BYTE, at) == 1;
    // By the peripheral or the flat method.
    return !known || (upper != 0 && upper >> 6 != 1) ? -1 : (upper & 0x3f) << 8 | lower;
  }

  /** The target's number in such a structure. */
  static int target(MemorySegment header, long at) {
    return header.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff;
  }

  @Override
  public void state(StateFields state) throws BlockException {
    senseSize = state.within("sense size", senseSize, 0, MOST_SENSE);
    commandSize = state.within("command size", commandSize, CommandBlock.BYTES, MOST_COMMAND);
    synchronized (this) {
      missed = state.flag("missed events", missed);
      int count = state.within("events", events.size(), 0, MOST_EVENTS);
      var all = new ArrayList<>(events);
      for (int index = 0; index < count; index++) {
        int[] event = state.isLoading() ? new int[4] : all.get(index);
        state.i32("event", event);
        if (state.isLoading()) {
          events.add(event);
        }
      }
    }
    bus.state(state);
  }
}
