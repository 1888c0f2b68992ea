// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A file's bytes. Thread-safe.
 *
 * <p>Copies share the pages that neither has written to since: the states that a power cut may
 * leave differ in little, and there are many of them.
 */
public final class MemoryFile {
  /** No test needs more; a length beyond it is a bug of whoever asks. */
  private static final int MAX_LENGTH = 64 << 20;

  private MemoryPage[] pages; // holes are the page of zeroes; behind the end all is zero
  private int length; // both guarded by this

  /** With a copy of that content. */
  MemoryFile(byte[] content) {
    this.pages = new MemoryPage[0];
    write(0, content, 0, content.length);
  }

  private MemoryFile(MemoryPage[] pages, int length) {
    this.pages = pages;
    this.length = length;
  }

  /** Another file with the same content. */
  synchronized MemoryFile copy() {
    for (MemoryPage page : pages) {
      page.share();
    }
    return new MemoryFile(pages.clone(), length);
  }

  /** In bytes. */
  public synchronized int length() {
    return length;
  }

  /** A copy. */
  public synchronized byte[] toBytes() {
    return toBytes(length);
  }

  /** A copy of the first so many bytes, or of all that there are. */
  synchronized byte[] toBytes(int most) {
    var bytes = new byte[Math.min(most, length)];
    for (int at = 0; at < bytes.length; at += MemoryPage.BYTES) {
      int part = Math.min(MemoryPage.BYTES, bytes.length - at);
      System.arraycopy(pages[at / MemoryPage.BYTES].bytes(), 0, bytes, at, part);
    }
    return bytes;
  }

  /** Has the hash of all pages, and the length, go into {@code hash}. */
  synchronized void addTo(StateHash hash) {
    hash.add(length);
    for (int at = 0; at < length; at += MemoryPage.BYTES) {
      pages[at / MemoryPage.BYTES].addTo(hash);
    }
  }

  /** Fills {@code into}; zeroes behind the end. */
  synchronized void read(long offset, IoVector into) {
    int inside = (int) Math.clamp(length - offset, 0, into.length());
    for (int done = 0; done < inside; ) {
      int at = (int) offset + done;
      int within = at % MemoryPage.BYTES;
      int part = Math.min(MemoryPage.BYTES - within, inside - done);
      byte[] page = pages[at / MemoryPage.BYTES].bytes();
      into.copyFrom(done, MemorySegment.ofArray(page).asSlice(within, part));
      done += part;
    }
    if (inside < into.length()) {
      into.slice(inside, into.length() - inside).fill((byte) 0);
    }
  }

  synchronized void write(long offset, IoVector from) {
    reach(offset + from.length());
    for (int done = 0; done < from.length(); ) {
      int at = (int) offset + done;
      int within = at % MemoryPage.BYTES;
      int part = (int) Math.min(MemoryPage.BYTES - within, from.length() - done);
      from.copyTo(done, MemorySegment.ofArray(writable(at)).asSlice(within, part));
      done += part;
    }
  }

  synchronized void write(int offset, byte[] from, int start, int count) {
    reach((long) offset + count);
    for (int done = 0; done < count; ) {
      int at = offset + done;
      int within = at % MemoryPage.BYTES;
      int part = Math.min(MemoryPage.BYTES - within, count - done);
      System.arraycopy(from, start + done, writable(at), within, part);
      done += part;
    }
  }

  /** Holds what another file holds in a range, which that has, too; whole pages are shared. */
  void take(MemoryFile other, int offset, int count) {
    MemoryPage[] from = other.shared(offset, count); // first, so that no two locks are held
    int first = offset / MemoryPage.BYTES;
    synchronized (this) {
      reach((long) offset + count);
      for (int at = offset; at < offset + count; ) {
        int index = at / MemoryPage.BYTES;
        int within = at % MemoryPage.BYTES;
        int part = Math.min(MemoryPage.BYTES - within, offset + count - at);
        if (part == MemoryPage.BYTES) {
          pages[index] = from[index - first];
        } else {
          System.arraycopy(from[index - first].bytes(), within, writable(at), within, part);
        }
        at += part;
      }
    }
  }

  private synchronized MemoryPage[] shared(int offset, int count) {
    int end = (offset + count + MemoryPage.BYTES - 1) / MemoryPage.BYTES;
    MemoryPage[] range = Arrays.copyOfRange(pages, offset / MemoryPage.BYTES, end);
    for (MemoryPage page : range) {
      page.share();
    }
    return range;
  }

  /** Zeroes a range, and reaches as far as that. */
  synchronized void zero(long offset, long count) {
    reach(offset + count);
    clear((int) offset, (int) (offset + count));
  }

  /** Gives a range up; the length stays. */
  synchronized void punch(long offset, long count) {
    long end = Math.min(offset + count, length);
    if (offset < end) {
      clear((int) offset, (int) end);
    }
  }

  synchronized void truncate(long newLength) {
    if (newLength < length) {
      clear((int) newLength, length);
      length = (int) newLength;
    } else {
      reach(newLength);
    }
  }

  private void clear(int from, int end) {
    for (int at = from; at < end; ) {
      int within = at % MemoryPage.BYTES;
      int part = Math.min(MemoryPage.BYTES - within, end - at);
      if (part == MemoryPage.BYTES) {
        pages[at / MemoryPage.BYTES] = MemoryPage.ZEROES;
      } else {
        Arrays.fill(writable(at), within, within + part, (byte) 0);
      }
      at += part;
    }
  }

  /** The bytes of the page with that byte, of which nobody else knows. */
  private byte[] writable(int offset) {
    int index = offset / MemoryPage.BYTES;
    pages[index] = pages[index].own();
    return pages[index].bytes();
  }

  private void reach(long end) {
    if (end > MAX_LENGTH) {
      throw new IllegalArgumentException("A file of " + end + " bytes");
    }
    int needed = (int) ((end + MemoryPage.BYTES - 1) / MemoryPage.BYTES);
    if (needed > pages.length) {
      int before = pages.length;
      pages = Arrays.copyOf(pages, Math.max(needed, before * 2));
      Arrays.fill(pages, before, pages.length, MemoryPage.ZEROES);
    }
    length = (int) Math.max(length, end);
  }
}
