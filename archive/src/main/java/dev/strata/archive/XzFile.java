// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.EOFException;
import java.io.IOException;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * An xz file, whose index tells how long it is and where its blocks begin.
 *
 * @see "The .xz File Format, 4. Index"
 */
final class XzFile implements Unpacked {
  /** A dictionary of 64 MiB, the largest that xz makes by its presets, fits. */
  private static final int MAX_MEMORY_KIB = 72 << 10;

  /** Of what a block holds that is unpacked anew to go back in it. */
  private static final long MAX_AGAIN = 64 << 20;

  private final SeekableXZInputStream in;

  XzFile(ChildInput file) throws IOException {
    this.in = new SeekableXZInputStream(file, MAX_MEMORY_KIB);
  }

  @Override
  public long length() {
    return in.length();
  }

  @Override
  public long position() throws IOException {
    return in.position();
  }

  @Override
  public void seek(long offset) throws IOException {
    in.seek(offset);
  }

  @Override
  public boolean canGoBackTo(long offset) throws IOException {
    return offset - in.getBlockPos(in.getBlockNumber(offset)) <= MAX_AGAIN;
  }

  @Override
  public void next(byte[] into, int length) throws IOException {
    if (in.readNBytes(into, 0, length) < length) {
      throw new EOFException();
    }
  }
}
