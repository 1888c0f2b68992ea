// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a compressed file holds. It is unpacked from front to back, and the pieces that came last
 * are kept: who reads from front to back, some requests at once, never goes back.
 */
final class UnpackedDriver extends ArchivedFile {
  private static final int PIECE = 256 << 10;
  private static final int MAX_PIECES = 128; // 32 MiB

  private final Unpacked content;
  private final LinkedHashMap<Long, byte[]> pieces; // guarded by this, as content is
  private boolean failed; // the last one to be unpacked, guarded by this

  UnpackedDriver(Unpacked content) {
    super(content.length());
    this.content = content;
    this.pieces =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > MAX_PIECES;
          }
        };
  }

  @Override
  public synchronized void read(long offset, IoVector into, int flags) throws BlockException {
    long done = 0;
    while (done < into.length()) {
      long at = offset + done;
      if (at >= content.length()) { // what fills the last sector up
        into.slice(done, into.length() - done).fill((byte) 0);
        return;
      }
      byte[] piece = piece(at / PIECE);
      int within = (int) (at % PIECE);
      long run = Math.min(into.length() - done, piece.length - within);
      into.copyFrom(done, MemorySegment.ofArray(piece).asSlice(within, run));
      done += run;
    }
  }

  private byte[] piece(long index) throws BlockException {
    byte[] kept = pieces.get(index);
    if (kept != null) {
      return kept;
    }
    try {
      long start = index * PIECE;
      // Small jumps forward keep what they jump over: others will ask for it.
      // Behind what is damaged they would not come.
      boolean near =
          !failed && start >= content.position() && start - content.position() <= 8L * PIECE;
      if (start < content.position() && !content.canGoBackTo(start)) {
        throw new BlockException(
            Errno.EIO,
            "The archive cannot be read at "
                + start
                + " again without unpacking it anew:"
                + " unpack it to a file first");
      }
      if (!near) {
        failed = true; // until it is there
        content.seek(start);
        failed = false;
      }
      while (true) { // ends with the piece that is asked for
        long next = content.position() / PIECE;
        var piece = new byte[(int) Math.min(PIECE, content.length() - next * PIECE)];
        failed = true; // until it has come
        content.next(piece, piece.length);
        failed = false;
        pieces.put(next, piece);
        if (next == index) {
          return piece;
        }
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Some damage the libraries find only by their own arrays' ends.
      throw BlockException.of(Errno.EIO).causedBy(e);
    }
  }

  @Override
  public synchronized void close() {
    content.close();
  }
}
