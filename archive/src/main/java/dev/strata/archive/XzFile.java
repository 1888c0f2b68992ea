// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.strata.block.Child;
import dev.strata.block.archive.XzBlockDecoder;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * An xz file, whose index tells how long it is and where its blocks begin. They are decoded by the
 * host's library, which is quicker, or by Java where there is none. Who reads from front to back
 * has the library decode several blocks at once.
 *
 * @see "The .xz File Format, 4. Index"
 */
final class XzFile implements Unpacked {
  /** A dictionary of 64 MiB, the largest that xz makes by its presets, fits. */
  private static final int MAX_MEMORY_KIB = 72 << 10;

  private static final long MAX_MEMORY = (long) MAX_MEMORY_KIB << 10;

  /** Of what a block holds that is unpacked anew to go back in it. */
  private static final long MAX_AGAIN = 64 << 20;

  private static final int PIECE = 64 << 10;

  /** Who has read so many bytes on end will read more of them. */
  private static final long ON_END = 1 << 20;

  private final Child file;
  private final SeekableXZInputStream in;
  private final @Nullable XzBlockDecoder decoder; // null where Java decodes
  private long position; // of the decoder
  private int block = -1; // the decoder's; negative for none
  private long blockEnd; // where what it holds ends
  private long onEnd; // bytes read since the last jump
  private @Nullable XzBlocksAhead ahead;
  private boolean isAheadTried;
  private @Nullable MemorySegment decoded; // what the block holds, if it was decoded ahead

  private XzFile(Child file, SeekableXZInputStream in, @Nullable XzBlockDecoder decoder) {
    this.file = file;
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
            ? XzBlockDecoder.open(file, check(in), MAX_MEMORY)
            : null;
    return new XzFile(file, in, decoder);
  }

  /** The type of the blocks' checks, if that is one. */
  private static int check(SeekableXZInputStream in) {
    return Integer.numberOfTrailingZeros(in.getCheckTypes());
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
      jump();
      begin(decoder, wanted);
    }
    byte[] piece = new byte[PIECE];
    while (position < offset) {
      next(piece, (int) Math.min(piece.length, offset - position));
    }
  }

  /** What follows will not be what was to follow. */
  private void jump() {
    onEnd = 0;
    decoded = null;
    if (ahead != null) {
      ahead.forget();
    }
  }

  private void begin(XzBlockDecoder opened, int number) throws IOException {
    block = -1; // until it has begun
    decoded = ahead == null || onEnd == 0 ? null : ahead.take(number);
    if (decoded == null) {
      opened.begin(
          in.getBlockCompPos(number), in.getBlockCompSize(number), in.getBlockSize(number));
    }
    block = number;
    position = in.getBlockPos(number);
    blockEnd = position + in.getBlockSize(number);
  }

  /** Has the blocks that follow decoded, if they are likely to be read. */
  private void lookAhead(int read) throws IOException {
    boolean begins = onEnd < ON_END && onEnd + read >= ON_END;
    onEnd += read;
    int following = block + 1;
    if (!begins || following >= in.getBlockCount()) {
      return;
    }
    if (!isAheadTried) {
      isAheadTried = true;
      ahead = XzBlocksAhead.of(in, file, check(in), MAX_MEMORY, in.getBlockSize(following));
    }
    if (ahead != null) {
      ahead.prepare(following);
    }
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
      } else if (position == blockEnd) {
        begin(decoder, in.getBlockNumber(position));
      }
      int run = (int) Math.min(length - done, blockEnd - position);
      if (decoded != null) {
        long from = position - in.getBlockPos(block);
        MemorySegment.copy(decoded, JAVA_BYTE, from, into, done, run);
      } else {
        decode(decoder, into, done, run);
      }
      done += run;
      position += run;
      lookAhead(run);
    }
  }

  private void decode(XzBlockDecoder opened, byte[] into, int from, int length) throws IOException {
    try {
      opened.next(into, from, length);
    } catch (IOException e) {
      block = -1; // what the library has is in no known place
      throw e;
    }
  }

  @Override
  public void close() {
    if (ahead != null) {
      ahead.close();
    }
    if (decoder != null) {
      decoder.close();
    }
  }
}
