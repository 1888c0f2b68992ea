// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.Child;
import dev.strata.block.archive.XzBlockDecoder;
import java.io.EOFException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * An xz file, whose index tells how long it is and where its blocks begin. They are decoded by the
 * host's library, which is quicker, or by Java where there is none.
 *
 * @see "The .xz File Format, 4. Index"
 */
final class XzFile implements Unpacked {
  /** A dictionary of 64 MiB, the largest that xz makes by its presets, fits. */
  private static final int MAX_MEMORY_KIB = 72 << 10;

  /** Of what a block holds that is unpacked anew to go back in it. */
  private static final long MAX_AGAIN = 64 << 20;

  private static final int PIECE = 64 << 10;

  private final SeekableXZInputStream in;
  private final @Nullable XzBlockDecoder decoder; // null where Java decodes
  private long position; // of the decoder
  private int block = -1; // the decoder's; negative for none

  private XzFile(SeekableXZInputStream in, @Nullable XzBlockDecoder decoder) {
    this.in = in;
    this.decoder = decoder;
  }

  /** Reads the index. */
  static XzFile open(Child file, boolean byLibrary) throws IOException {
    var in = new SeekableXZInputStream(new ChildInput(file), MAX_MEMORY_KIB);
    int checks = in.getCheckTypes();
    // Of several streams only those whose blocks are all checked alike are one to the library.
    XzBlockDecoder decoder =
        byLibrary && Integer.bitCount(checks) == 1
            ? XzBlockDecoder.open(
                file, Integer.numberOfTrailingZeros(checks), (long) MAX_MEMORY_KIB << 10)
            : null;
    return new XzFile(in, decoder);
  }

  @Override
  public long length() {
    return in.length();
  }

  @Override
  public long position() throws IOException {
    return decoder == null ? in.position() : position;
  }

  @Override
  public void seek(long offset) throws IOException {
    if (decoder == null) {
      in.seek(offset);
      return;
    }
    int wanted = in.getBlockNumber(offset);
    if (block != wanted || offset < position) {
      begin(decoder, wanted);
    }
    byte[] piece = new byte[PIECE];
    while (position < offset) {
      next(piece, (int) Math.min(piece.length, offset - position));
    }
  }

  private void begin(XzBlockDecoder opened, int number) throws IOException {
    block = -1; // until it has begun
    opened.begin(in.getBlockCompPos(number), in.getBlockCompSize(number), in.getBlockSize(number));
    block = number;
    position = in.getBlockPos(number);
  }

  @Override
  public boolean canGoBackTo(long offset) throws IOException {
    return offset - in.getBlockPos(in.getBlockNumber(offset)) <= MAX_AGAIN;
  }

  @Override
  public void next(byte[] into, int length) throws IOException {
    if (decoder == null) {
      if (in.readNBytes(into, 0, length) < length) {
        throw new EOFException();
      }
      return;
    }
    int done = 0;
    while (done < length) { // each round brings a byte at least
      if (block < 0) {
        seek(position);
      } else if (decoder.left() == 0) {
        begin(decoder, in.getBlockNumber(position));
      }
      int run = (int) Math.min(length - done, decoder.left());
      try {
        decoder.next(into, done, run);
      } catch (IOException e) {
        block = -1; // what the library has is in no known place
        throw e;
      }
      done += run;
      position += run;
    }
  }

  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
    }
  }
}
