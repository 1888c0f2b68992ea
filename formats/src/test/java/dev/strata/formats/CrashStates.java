// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a file may hold after a crash, told from the log that a {@code blklogwrites} node kept:
 * everything up to a flush is there; of what came after it any part may be.
 */
public final class CrashStates {
  private static final int SECTOR = 512;
  private static final int FLUSH = 1;
  private static final int DISCARD = 4;

  /** One state of the file. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * @param state what the file holds
     * @param torn whether this is no state in between two whole requests in their order
     */
    void visit(byte[] state, boolean torn) throws IOException;
  }

  /** Bytes that were written, or null for the file's new length. */
  private record Change(int offset, byte[] bytes) {
    static Change cut(int length) {
      return new Change(length, new byte[0]);
    }

    byte[] on(byte[] file) {
      if (bytes.length == 0) {
        return Arrays.copyOf(file, offset);
      }
      byte[] result = Arrays.copyOf(file, Math.max(file.length, offset + bytes.length));
      System.arraycopy(bytes, 0, result, offset, bytes.length);
      return result;
    }

    /** The sectors from one on to before another, as if only they had arrived. */
    Change part(int from, int to) {
      return new Change(offset + from, Arrays.copyOfRange(bytes, from, to));
    }
  }

  private final List<List<Change>> epochs = new ArrayList<>(); // a flush ends each but the last

  /**
   * Reads a log.
   *
   * @param finalLength of the file: logs say nothing of its length, cutting is taken as last
   */
  public CrashStates(Path log, long finalLength) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.LITTLE_ENDIAN);
    long entries = in.getLong(16);
    int at = SECTOR;
    epochs.add(new ArrayList<>());
    for (long i = 0; i < entries; i++) {
      int offset = Math.toIntExact(in.getLong(at) * SECTOR);
      int length = Math.toIntExact(in.getLong(at + 8) * SECTOR);
      long flags = in.getLong(at + 16);
      at += SECTOR;
      if (flags == FLUSH) {
        if (!epochs.getLast().isEmpty()) {
          epochs.add(new ArrayList<>());
        }
        continue;
      }
      byte[] bytes = new byte[length];
      if (flags != DISCARD) {
        in.get(at, bytes);
        at += length;
      }
      epochs.getLast().add(new Change(offset, bytes));
    }
    if (epochs.getLast().isEmpty() && epochs.size() > 1) {
      epochs.removeLast();
    }
    epochs.getLast().add(Change.cut(Math.toIntExact(finalLength)));
  }

  /** How many flushes there are with changes between them. */
  public int flushes() {
    return epochs.size() - 1;
  }

  /**
   * Visits the states: each whole request in their order; each of them alone on what was flushed
   * before, whole, its halves, its first sector and the rest; all but one until the next flush.
   */
  public void visit(byte[] before, Visitor visitor) throws IOException {
    byte[] flushed = before;
    visitor.visit(flushed, false);
    for (List<Change> epoch : epochs) {
      byte[] now = flushed;
      for (int i = 0; i < epoch.size(); i++) {
        Change change = epoch.get(i);
        visitor.visit(change.on(flushed), true);
        int half = change.bytes.length / SECTOR / 2 * SECTOR;
        if (half > 0) {
          visitor.visit(change.part(0, half).on(now), true);
          visitor.visit(change.part(half, change.bytes.length).on(now), true);
          visitor.visit(change.part(0, SECTOR).on(now), true);
          visitor.visit(change.part(SECTOR, change.bytes.length).on(now), true);
        }
        visitor.visit(without(epoch, i, flushed), true);
        now = change.on(now);
        visitor.visit(now, false);
      }
      flushed = now;
    }
  }

  private static byte[] without(List<Change> epoch, int missing, byte[] flushed) {
    byte[] now = flushed;
    for (int i = 0; i < epoch.size(); i++) {
      if (i != missing) {
        now = epoch.get(i).on(now);
      }
    }
    return now;
  }
}
