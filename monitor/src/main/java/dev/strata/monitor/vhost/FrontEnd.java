// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.BlockException;
import dev.strata.block.posix.EventCounter;
import dev.strata.block.posix.UnixConnection;
import dev.strata.block.virtio.DiskRequests;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection: it says what its memory is and where its rings are. One thread runs it.
 *
 * <p>A message that cannot be heeded is answered as a failure where the client asked for that; else
 * the connection ends, for there is no other answer.
 */
final class FrontEnd {
  private static final int QUEUE_INDEX = 0xff; // of a message that carries an event
  private static final int NO_EVENT = 0x100;
  private static final int MOST_TABLE = 8; // regions in one message
  private static final int CONFIGURATION_HEADER = 12;

  private final VhostDisk disk;
  private final UnixConnection connection;
  private final Message message = new Message(); // the latest
  private final MemoryTable memory = new MemoryTable();
  private final DiskRequests requests;
  private final Transfers transfers;
  private final Workers workers;
  private final Map<Integer, Ring> rings = new TreeMap<>(); // those a message was about
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();
  private long features;
  private long protocol;

  FrontEnd(VhostDisk disk, UnixConnection connection) {
    this.disk = disk;
    this.connection = connection;
    this.requests = disk.requests();
    this.transfers = new Transfers(requests, memory, disk.disk().node().graph().buffers());
    this.workers = new Workers("vhost " + disk.id());
  }

  /**
   * Serves the client until it leaves or is left.
   *
   * @throws BlockException why it is left
   */
  void run() throws BlockException {
    try {
      converse();
      String why = failure.get();
      if (why != null) {
        throw Message.wrong(why);
      }
    } finally {
      end();
    }
  }

  private void converse() throws BlockException {
    while (true) {
      try (message) {
        if (!message.receive(connection)) {
          return;
        }
        boolean answers = message.needsReply() && has(ProtocolFeatures.REPLY_ACK);
        boolean good = true;
        try {
          if (answer(message)) {
            continue;
          }
          set(message);
        } catch (BlockException e) {
          if (!answers) {
            throw e;
          }
          good = false;
        }
        if (answers) {
          message.reply(8).put(0, good ? 0L : 1L).send(connection);
        }
      }
    }
  }

  private void end() throws BlockException {
    connection.hangUp();
    for (Ring each : rings.values()) {
      each.close();
    }
    workers.close();
    memory.close();
  }

  /** Ends the conversation; on any thread. */
  private void broken(String why) {
    failure.compareAndSet(null, why);
    connection.hangUp();
  }

  private boolean has(long feature) {
    return (protocol & feature) != 0;
  }

  // Questions

  /** Answers a question; false if it is none. */
  private boolean answer(Message asked) throws BlockException {
    switch (asked.type()) {
      case RequestType.GET_FEATURES -> number(asked, disk.features());
      case RequestType.GET_PROTOCOL_FEATURES -> number(asked, ProtocolFeatures.ALL);
      case RequestType.GET_QUEUE_NUM -> number(asked, disk.queues());
      case RequestType.GET_MAX_MEM_SLOTS -> number(asked, MemoryTable.SLOTS);
      case RequestType.GET_VRING_BASE -> {
        asked.require(8);
        int index = asked.u32(0);
        int base = ring(index).stop();
        asked.reply(8).put(0, index).put(4, base).send(connection);
      }
      case RequestType.GET_CONFIG -> configuration(asked);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void number(Message asked, long value) throws BlockException {
    asked.reply(8).put(0, value).send(connection);
  }

  private void configuration(Message asked) throws BlockException {
    if (asked.size() < CONFIGURATION_HEADER) {
      throw Message.wrong("a question of " + asked.size() + " bytes for the configuration");
    }
    int offset = asked.u32(0);
    int length = asked.u32(4);
    int flags = asked.u32(8);
    byte[] all = requests.configuration(disk.blockSize(), disk.queues());
    if (offset < 0 || length < 0 || offset > all.length || length > all.length - offset) {
      asked.reply(0).send(connection); // an error, as the protocol has it
      return;
    }
    asked
        .reply(CONFIGURATION_HEADER + length)
        .put(0, offset)
        .put(4, length)
        .put(8, flags)
        .put(CONFIGURATION_HEADER, all, offset, length)
        .send(connection);
  }

  // Settings

  private void set(Message given) throws BlockException {
    switch (given.type()) {
      case RequestType.SET_OWNER, RequestType.RESET_OWNER -> given.require(0);
      case RequestType.SET_FEATURES -> setFeatures(given);
      case RequestType.SET_PROTOCOL_FEATURES -> {
        given.require(8);
        long wanted = given.u64(0);
        if ((wanted & ~ProtocolFeatures.ALL) != 0) {
          throw Message.wrong("protocol features 0x" + Long.toHexString(wanted));
        }
        protocol = wanted;
      }
      case RequestType.SET_MEM_TABLE -> setMemory(given);
      case RequestType.ADD_MEM_REG -> {
        given.require(8 + MemoryRegion.SIZE);
        given.requireDescriptors(1);
        changeMemory(() -> addRegion(given));
      }
      case RequestType.REM_MEM_REG -> {
        given.require(8 + MemoryRegion.SIZE);
        changeMemory(() -> memory.remove(given.u64(8), given.u64(24), given.u64(16)));
      }
      case RequestType.SET_CONFIG -> setConfiguration(given);
      default -> setRing(given);
    }
  }

  private void setFeatures(Message given) throws BlockException {
    given.require(8);
    long wanted = given.u64(0);
    if ((wanted & ~disk.features()) != 0) {
      throw Message.wrong("features 0x" + Long.toHexString(wanted));
    }
    pauseAll();
    try {
      features = wanted;
      if ((wanted & (DiskRequests.FLUSH | DiskRequests.CONFIG_WCE)) == 0) {
        // Who does not know how to flush is owed stable storage by each write.
        requests.writeThrough(true);
      }
      for (Ring each : rings.values()) {
        each.eventIndex((features & VhostDisk.EVENT_INDEX) != 0);
      }
    } finally {
      resumeAll();
    }
  }

  /** Whether there is a cache is all that a client may change. */
  private void setConfiguration(Message given) throws BlockException {
    int end = CONFIGURATION_HEADER + 1;
    if (given.size() < end
        || given.u32(0) != DiskRequests.WRITEBACK_AT
        || given.u32(4) != 1
        || given.u32(8) != 0
        || given.u8(CONFIGURATION_HEADER) > 1) {
      throw Message.wrong("a change of the configuration");
    }
    requests.writeThrough(given.u8(CONFIGURATION_HEADER) == 0);
  }

  private interface MemoryChange {
    void run() throws BlockException;
  }

  /** Memory changes while nobody is in it; what is in use has to be there afterwards too. */
  private void changeMemory(MemoryChange change) throws BlockException {
    pauseAll();
    try {
      change.run();
      locateAll();
    } finally {
      resumeAll();
    }
  }

  private void locateAll() throws BlockException {
    try {
      for (Ring each : rings.values()) {
        if (each.isStarted()) {
          each.locate();
        }
      }
    } catch (BlockException e) {
      broken(String.valueOf(e.getMessage())); // no answer makes that good
      throw e;
    }
  }

  private void setMemory(Message given) throws BlockException {
    int count = given.size() < 8 ? -1 : given.u32(0);
    if (count < 0 || count > MOST_TABLE || given.size() < 8 + count * MemoryRegion.SIZE) {
      throw Message.wrong("a memory table of " + given.size() + " bytes");
    }
    given.requireDescriptors(count);
    var mapped = new ArrayList<MemoryRegion>();
    var unused = new ArrayList<MemoryRegion>();
    try {
      for (int index = 0; index < count; index++) {
        MemoryRegion region =
            MemoryRegion.map(given, 8 + index * MemoryRegion.SIZE, given.descriptor(index));
        mapped.add(region);
        unused.add(region);
      }
      changeMemory(() -> {
        memory.replace(mapped);
        unused.clear();
      });
    } finally {
      for (MemoryRegion each : unused) {
        each.close();
      }
    }
  }

  private void addRegion(Message given) throws BlockException {
    MemoryRegion region = MemoryRegion.map(given, 8, given.descriptor(0));
    try {
      memory.add(region);
    } catch (BlockException e) {
      region.close();
      throw e;
    }
  }

  private void pauseAll() {
    for (Ring each : rings.values()) {
      each.pause();
    }
  }

  private void resumeAll() {
    for (Ring each : rings.values()) {
      each.resume();
    }
  }

  // Rings

  private Ring ring(int index) throws BlockException {
    if (index < 0 || index >= disk.queues() || index > QUEUE_INDEX) {
      throw Message.wrong("there is no ring " + Integer.toUnsignedString(index));
    }
    Ring ring = rings.get(index);
    if (ring == null) {
      String name = "vhost " + disk.id() + " " + index;
      ring = new Ring(name, memory, transfers, workers, this::broken);
      ring.eventIndex((features & VhostDisk.EVENT_INDEX) != 0);
      // Without extensions nobody enables a ring.
      ring.enable((features & VhostDisk.PROTOCOL_FEATURES) == 0);
      rings.put(index, ring);
    }
    return ring;
  }

  private void setRing(Message given) throws BlockException {
    switch (given.type()) {
      case RequestType.SET_VRING_NUM -> {
        given.require(8);
        ring(given.u32(0)).size(given.u32(4));
      }
      case RequestType.SET_VRING_BASE -> {
        given.require(8);
        ring(given.u32(0)).base(given.u32(4));
      }
      case RequestType.SET_VRING_ADDR -> {
        given.require(40);
        if (given.u32(4) != 0) {
          throw Message.wrong("a ring with a log");
        }
        ring(given.u32(0)).place(new Ring.Place(given.u64(8), given.u64(16), given.u64(24)));
      }
      case RequestType.SET_VRING_ENABLE -> {
        given.require(8);
        int state = given.u32(4);
        if (state != 0 && state != 1) {
          throw Message.wrong("a ring is to be in state " + Integer.toUnsignedString(state));
        }
        ring(given.u32(0)).enable(state == 1);
      }
      case RequestType.SET_VRING_KICK, RequestType.SET_VRING_CALL, RequestType.SET_VRING_ERR ->
          setEvent(given);
      default -> throw Message.wrong("message " + Integer.toUnsignedString(given.type()));
    }
  }

  private void setEvent(Message given) throws BlockException {
    given.require(8);
    long value = given.u64(0);
    if ((value & ~(QUEUE_INDEX | NO_EVENT)) != 0) {
      throw Message.wrong("an event of ring " + Long.toUnsignedString(value));
    }
    boolean none = (value & NO_EVENT) != 0;
    given.requireDescriptors(none ? 0 : 1);
    Ring ring = ring((int) value & QUEUE_INDEX);
    EventCounter counter = null;
    if (!none) {
      counter = EventCounter.of(given.descriptor(0));
      given.takeDescriptor();
    }
    switch (given.type()) {
      case RequestType.SET_VRING_KICK -> ring.start(counter);
      case RequestType.SET_VRING_CALL -> ring.call(counter);
      default -> ring.error(counter);
    }
  }
}
