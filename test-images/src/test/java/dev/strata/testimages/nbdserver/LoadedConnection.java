// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.nbd.protocol.SimpleReply;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A connection with {@link #SLOTS} requests in flight: each slot has a mebibyte of the disk, of
 * whose blocks it knows what they hold. One thread sends, another receives.
 */
final class LoadedConnection implements AutoCloseable {
  static final int SLOTS = 16;

  /** In bytes, of each connection. */
  static final long ROOM = (long) SLOTS << 20;

  private static final int BLOCK = 4096;
  private static final int BLOCKS = (1 << 20) / BLOCK;
  private static final int LONGS = BLOCK / Long.BYTES;
  private static final int END = -1;

  private final RawClient client;
  private final int number;
  private final long end;
  private final Latencies latencies;
  private final Slot[] slots = new Slot[SLOTS];
  private final BlockingQueue<Integer> idle = new ArrayBlockingQueue<>(SLOTS + 1);
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect((1 << 20) + 64);
  private final ByteBuffer incoming = ByteBuffer.allocateDirect(1 << 20);
  private final AtomicLong done = new AtomicLong();

  /** What a slot does, and what its blocks hold: handed over with its number. */
  private static final class Slot {
    final int[] versions = new int[BLOCKS];
    boolean reads;
    int first;
    int count;
    long start;
  }

  LoadedConnection(Path socket, int number, long end, Latencies latencies) throws IOException {
    this.client = RawClient.chosen(socket);
    this.number = number;
    this.end = end;
    this.latencies = latencies;
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = new Slot();
      idle.add(i);
    }
  }

  /** How many requests have no reply; only when both threads have ended. */
  int inFlight() {
    return SLOTS - idle.size();
  }

  /** How many requests were answered. */
  long done() {
    return done.get();
  }

  private static long word(int connection, int slot, int block, int version, int index) {
    if (version == 0) {
      return 0; // never written
    }
    long seed = ((long) connection << 52) ^ ((long) slot << 44) ^ ((long) block << 32) ^ version;
    return (seed + index) * 0x9E3779B97F4A7C15L;
  }

  /** Sends requests until the time is over, then says goodbye when all are answered. */
  Void send() throws IOException, InterruptedException {
    var random = new SplittableRandom(number);
    while (System.nanoTime() < end) {
      int index = idle.take();
      if (index == END) {
        return null; // the receiver has failed
      }
      send(index, random);
    }
    // All that is in flight comes back; then the server hangs up, and the receiver ends.
    for (int i = 0; i < SLOTS; i++) {
      int index = idle.take();
      if (index == END) {
        return null;
      }
    }
    for (int i = 0; i < SLOTS; i++) {
      idle.add(i);
    }
    client.request(0, Command.DISC, 0, 0, 0);
    return null;
  }

  private void send(int index, SplittableRandom random) throws IOException {
    Slot slot = slots[index];
    slot.count = 1 << random.nextInt(9); // 4 KiB to 1 MiB
    slot.first = random.nextInt(BLOCKS - slot.count + 1);
    slot.reads = random.nextInt(3) > 0;
    long offset = number * ROOM + ((long) index << 20) + (long) slot.first * BLOCK;
    int command = slot.reads ? Command.READ : Command.WRITE;
    outgoing.clear();
    RequestHeader.put(outgoing, false, 0, command, index, offset, slot.count * (long) BLOCK);
    if (!slot.reads) {
      for (int block = slot.first; block < slot.first + slot.count; block++) {
        int version = ++slot.versions[block];
        for (int i = 0; i < LONGS; i++) {
          outgoing.putLong(word(number, index, block, version, i));
        }
      }
    }
    slot.start = System.nanoTime();
    client.send(outgoing);
  }

  /** Receives and verifies replies until the server hangs up. */
  Void receive() throws IOException {
    try {
      while (fill(SimpleReply.SIZE)) {
        if (incoming.getInt(0) != SimpleReply.MAGIC || SimpleReply.error(incoming, 0) != 0) {
          throw new IOException("no reply, or one that failed");
        }
        int index = Math.toIntExact(SimpleReply.cookie(incoming, 0));
        Slot slot = slots[index];
        if (slot.reads) {
          if (!fill(slot.count * BLOCK)) {
            throw new EOFException();
          }
          verify(index, slot);
        }
        latencies.took(System.nanoTime() - slot.start);
        done.incrementAndGet();
        idle.add(index);
      }
      return null;
    } catch (IOException | RuntimeException e) {
      idle.add(END);
      throw e;
    }
  }

  private boolean fill(int length) throws IOException {
    incoming.clear().limit(length);
    while (incoming.hasRemaining()) {
      if (client.channel().read(incoming) < 0) {
        if (incoming.position() > 0) {
          throw new EOFException();
        }
        return false;
      }
    }
    incoming.flip();
    return true;
  }

  private void verify(int index, Slot slot) throws IOException {
    for (int block = slot.first; block < slot.first + slot.count; block++) {
      int version = slot.versions[block];
      for (int i = 0; i < LONGS; i++) {
        if (incoming.getLong() != word(number, index, block, version, i)) {
          throw new IOException("connection " + number + ", slot " + index + ", block " + block);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
