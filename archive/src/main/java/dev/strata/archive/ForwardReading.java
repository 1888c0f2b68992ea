// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What is unpacked from one of a few places on, mostly only the start. */
abstract class ForwardReading implements Unpacked {
  /** How far from such a place it is unpacked anew to go back. */
  private static final long MAX_AGAIN = 64 << 20;

  private static final int PIECE = 64 << 10;

  private final long length;
  private @Nullable InputStream in; // null before the first read
  private long position;

  /** Of that length in bytes. */
  ForwardReading(long length) {
    this.length = length;
  }

  /** What is unpacked from {@code place} on, one that {@link #placeBefore} tells. */
  abstract InputStream open(long place) throws IOException;

  /** The last place at or before {@code offset} where unpacking can begin. */
  long placeBefore(long offset) {
    return 0;
  }

  @Override
  public final long length() {
    return length;
  }

  @Override
  public final long position() {
    return position;
  }

  @Override
  public final void seek(long offset) throws IOException {
    long place = placeBefore(offset);
    if (in == null || offset < position || place > position) {
      if (in != null) {
        in.close();
      }
      in = open(place);
      position = place;
    }
    byte[] piece = new byte[PIECE];
    while (position < offset) {
      next(piece, (int) Math.min(piece.length, offset - position));
    }
  }

  @Override
  public final boolean canGoBackTo(long offset) {
    return offset - placeBefore(offset) <= MAX_AGAIN;
  }

  @Override
  public final void next(byte[] into, int count) throws IOException {
    InputStream opened = in;
    if (opened == null) {
      opened = open(0);
      in = opened;
    }
    if (opened.readNBytes(into, 0, count) < count) {
      throw new EOFException();
    }
    position += count;
  }
}
