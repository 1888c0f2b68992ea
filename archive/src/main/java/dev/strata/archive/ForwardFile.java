// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.Child;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * A compressed file that tells neither how long its content is nor where to begin but at its start.
 * It is unpacked once to be measured.
 */
final class ForwardFile implements Unpacked {
  /** How far from the start it is unpacked anew to go back. */
  private static final long MAX_AGAIN = 64 << 20;

  /**
   * The zeroes that a stream may end with itself: a checksum, and bits that fill up a byte. A file
   * is as long as whole sectors, so that up to 511 more follow.
   */
  private static final int MAX_OWN_ZEROES = 8;

  private static final int SECTOR = 512;

  /** Unpacks a stream. */
  interface Unpacking {
    InputStream open(InputStream packed) throws IOException;
  }

  private final Child file;
  private final Unpacking unpacking;
  private final long packedLength;
  private final long length;
  private InputStream in;
  private long position;

  ForwardFile(Child file, Unpacking unpacking) throws IOException {
    this.file = file;
    this.unpacking = unpacking;
    long end = file.length();
    long packed = withoutZeroes(file, end);
    long unpacked = -1;
    IOException first = null;
    for (int i = 0; unpacked < 0; i++, packed++) {
      try {
        unpacked = measure(packed);
      } catch (IOException e) {
        first = first == null ? e : first;
        if (i == MAX_OWN_ZEROES || packed == end) {
          throw first;
        }
      }
    }
    this.packedLength = packed - 1;
    this.length = unpacked;
    this.in = open(packedLength);
  }

  private InputStream open(long packed) throws IOException {
    return unpacking.open(new ChildInput(file, packed));
  }

  private static long withoutZeroes(Child file, long end) throws IOException {
    byte[] tail = new byte[(int) Math.min(SECTOR, end)];
    file.read(end - tail.length, tail, tail.length);
    int zeroes = 0;
    while (zeroes < tail.length && tail[tail.length - 1 - zeroes] == 0) {
      zeroes++;
    }
    return end - zeroes;
  }

  private long measure(long packed) throws IOException {
    byte[] piece = new byte[64 << 10];
    long sum = 0;
    try (InputStream whole = open(packed)) {
      for (int count = whole.read(piece); count >= 0; count = whole.read(piece)) {
        sum += count;
      }
    } catch (RuntimeException e) {
      // Some damage the libraries find only by their own arrays' ends.
      throw new IOException("malformed", e);
    }
    return sum;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void seek(long offset) throws IOException {
    if (offset < position) {
      in.close();
      in = open(packedLength);
      position = 0;
    }
    byte[] piece = new byte[64 << 10];
    while (position < offset) {
      next(piece, (int) Math.min(piece.length, offset - position));
    }
  }

  @Override
  public boolean canGoBackTo(long offset) {
    return offset <= MAX_AGAIN;
  }

  @Override
  public void next(byte[] into, int count) throws IOException {
    if (in.readNBytes(into, 0, count) < count) {
      throw new EOFException();
    }
    position += count;
  }
}
