// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.MainMemory;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.jspecify.annotations.Nullable;

/** A machine that comes from another process. On a thread of its own; any may give it up. */
final class Incoming {
  private static final int BUFFER = 256 << 10;
  private static final int LONGEST_WORD = 32;

  private final Migration migration;
  private final MachineState state;
  private final Waiting waiting;
  private volatile boolean given; // up
  private volatile @Nullable Connection way;

  Incoming(Migration migration, MachineState state, Waiting waiting) {
    this.migration = migration;
    this.state = state;
    this.waiting = waiting;
  }

  /** Waits no more, reads no more. */
  void giveUp() {
    given = true;
    waiting.abort();
    Connection here = way;
    if (here != null) {
      here.abort();
    }
  }

  /** Takes it. The migration knows afterwards how that went. */
  void run() {
    try {
      Connection from = waiting.await();
      way = from;
      String word;
      try (var buffered = new BufferedInputStream(from.in(), BUFFER)) {
        awaitFirst(buffered);
        migration.status(Status.ACTIVE);
        state.betweenInstructions(() -> state.hold(true));
        word = read(new DataInputStream(buffered));
      }
      from.abort(); // nothing is expected from there any more
      migration.arrived(word);
    } catch (EOFException e) {
      fail("the stream ends too early");
    } catch (IOException | RuntimeException e) {
      fail(String.valueOf(e.getMessage()));
    }
  }

  /** A command may be there long before what it waits for. */
  private static void awaitFirst(InputStream in) throws IOException {
    in.mark(1);
    if (in.read() < 0) {
      throw new EOFException();
    }
    in.reset();
  }

  private void fail(String why) {
    if (!given) {
      migration.incomingFailed(why);
    }
  }

  /** What the machine was doing there. */
  private String read(DataInputStream in) throws IOException {
    if (in.readLong() != Outgoing.MAGIC) {
      throw wrong("Not a migration stream");
    }
    int version = in.readInt();
    if (version != Outgoing.VERSION) {
      throw wrong("Unsupported migration stream version: " + version);
    }
    MainMemory main = state.mainMemory();
    long here = main == null ? 0 : main.memory().byteSize();
    long there = in.readLong();
    if (here != there) {
      throw wrong("Size mismatch: pc.ram: 0x%x != 0x%x".formatted(there, here));
    }
    PagesInput pages = main == null ? null : new PagesInput(main.memory());
    if (pages != null) {
      pages.clear();
    }
    String word = null;
    while (true) {
      int kind = in.readUnsignedByte();
      if (kind == Outgoing.PAGES && pages != null && word == null) {
        pages.read(in);
      } else if (kind == Outgoing.STATE && word == null) {
        word = readRest(in);
      } else if (kind == Outgoing.BITMAPS && word == null) {
        migration.bitmaps().read(in);
      } else if (kind == Outgoing.END && word != null) {
        return word;
      } else {
        throw wrong("a record of kind " + kind);
      }
    }
  }

  private String readRest(DataInputStream in) throws IOException {
    var summed = new CheckedInputStream(in, new CRC32C());
    state.loadRest(summed);
    int length = summed.read();
    if (length < 1 || length > LONGEST_WORD) {
      throw wrong("the machine's state has " + length + " letters");
    }
    var word = new byte[length];
    new DataInputStream(summed).readFully(word);
    if (in.readInt() != (int) summed.getChecksum().getValue()) {
      throw wrong("the machine's state has a wrong checksum");
    }
    return new String(word, StandardCharsets.US_ASCII);
  }

  private static BlockException wrong(String what) {
    return new BlockException(Errno.EINVAL, what);
  }
}
