// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.archive;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the blocks of an xz file by the host's library. Each block is a stream of its own to it:
 * behind the header that such a stream has, its bytes are given, so that the check at its end is
 * compared. For one thread at a time.
 *
 * @see "The .xz File Format, 2.1.1 Stream Header, 3 Block"
 */
public final class XzBlockDecoder implements AutoCloseable {
  private static final int PIECE = 256 << 10;
  private static final byte[] MAGIC = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};
  private static final int HEADER = 12;

  private static final long NEXT_IN = offset("next_in");
  private static final long AVAIL_IN = offset("avail_in");
  private static final long NEXT_OUT = offset("next_out");
  private static final long AVAIL_OUT = offset("avail_out");

  private final Liblzma library;
  private final BlockIo file;
  private final long maxMemory;
  private final Arena arena = Arena.ofShared(); // readers take turns, and another may close
  private final MemorySegment stream = arena.allocate(Liblzma.STREAM);
  private final MemorySegment header = arena.allocate(HEADER);
  private final MemorySegment input = arena.allocate(PIECE);
  private final MemorySegment output = arena.allocate(PIECE);
  private long next; // in the file: what is given to the library after the input
  private long end; // of the block in the file
  private long left; // of what the block holds
  private boolean closed;

  private XzBlockDecoder(Liblzma library, BlockIo file, int check, long maxMemory) {
    this.library = library;
    this.file = file;
    this.maxMemory = maxMemory;
    MemorySegment.copy(MAGIC, 0, header, JAVA_BYTE, 0, MAGIC.length);
    byte[] flags = {0, (byte) check};
    var sum = new CRC32();
    sum.update(flags);
    MemorySegment.copy(flags, 0, header, JAVA_BYTE, MAGIC.length, flags.length);
    for (int i = 0; i < Integer.BYTES; i++) {
      header.set(JAVA_BYTE, MAGIC.length + flags.length + i, (byte) (sum.getValue() >> (8 * i)));
    }
  }

  private static long offset(String member) {
    return Liblzma.STREAM.byteOffset(PathElement.groupElement(member));
  }

  /**
   * A decoder of {@code file}'s blocks; null if the host has no library for it.
   *
   * @param check the type of the blocks' checks, 0 to 15
   * @param maxMemory in bytes, that the library may use
   */
  public static @Nullable XzBlockDecoder open(BlockIo file, int check, long maxMemory) {
    Liblzma library = Liblzma.installed();
    return library == null ? null : new XzBlockDecoder(library, file, check, maxMemory);
  }

  /**
   * Goes on with another block.
   *
   * @param offset of its header in the file
   * @param packedSize of all of it with its padding and check, in bytes
   * @param size of what it holds, as the index says
   */
  public void begin(long offset, long packedSize, long size) throws BlockException {
    next = offset;
    end = Math.addExact(offset, packedSize);
    left = size;
    if (library.begin(stream, maxMemory) != Liblzma.OK) {
      throw BlockException.of(Errno.ENOMEM);
    }
    stream.set(ADDRESS, NEXT_IN, header);
    stream.set(JAVA_LONG, AVAIL_IN, HEADER);
  }

  /** How many bytes of the block are still to come. */
  public long left() {
    return left;
  }

  /**
   * Decodes the block's next bytes; with its last one its check has been compared.
   *
   * @param length at most {@link #left}
   * @throws BlockException if the block is damaged, or needs more memory than it may have
   */
  public void next(byte[] into, int from, int length) throws BlockException {
    if (length > left) {
      throw new IllegalArgumentException(length + " of " + left + " bytes");
    }
    int done = 0;
    while (done < length) { // each round brings a byte at least
      int run = Math.min(length - done, PIECE);
      fill(output.asSlice(0, run));
      MemorySegment.copy(output, JAVA_BYTE, 0, into, from + done, run);
      done += run;
      left -= run;
    }
    if (left == 0) {
      finish();
    }
  }

  /**
   * The same, without a copy.
   *
   * @param into outside of the heap, at most {@link #left} bytes
   */
  public void next(MemorySegment into) throws BlockException {
    if (into.byteSize() > left) {
      throw new IllegalArgumentException(into.byteSize() + " of " + left + " bytes");
    }
    fill(into);
    left -= into.byteSize();
    if (left == 0) {
      finish();
    }
  }

  private void fill(MemorySegment into) throws BlockException {
    stream.set(ADDRESS, NEXT_OUT, into);
    stream.set(JAVA_LONG, AVAIL_OUT, into.byteSize());
    while (stream.get(JAVA_LONG, AVAIL_OUT) > 0) { // each round takes some of the input
      step();
    }
  }

  /** What follows the last byte is no more of them, but their check. */
  private void finish() throws BlockException {
    stream.set(ADDRESS, NEXT_OUT, output);
    stream.set(JAVA_LONG, AVAIL_OUT, 1);
    while (next < end || stream.get(JAVA_LONG, AVAIL_IN) > 0) { // each round takes some of it
      step();
      if (stream.get(JAVA_LONG, AVAIL_OUT) == 0) {
        throw BlockException.of(Errno.EIO);
      }
    }
  }

  private void step() throws BlockException {
    if (stream.get(JAVA_LONG, AVAIL_IN) == 0) {
      int count = (int) Math.min(PIECE, end - next); // none may be left where a filter holds bytes
      if (count > 0) {
        file.read(next, IoVector.of(input.asSlice(0, count)), 0);
        next += count;
      }
      stream.set(ADDRESS, NEXT_IN, input);
      stream.set(JAVA_LONG, AVAIL_IN, count);
    }
    long before = progress();
    if (library.decode(stream) != Liblzma.OK || progress() == before) {
      throw BlockException.of(Errno.EIO); // damaged, or less than the index says
    }
  }

  /** Falls by what the library has taken or given. */
  private long progress() {
    return stream.get(JAVA_LONG, AVAIL_IN) + stream.get(JAVA_LONG, AVAIL_OUT);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      library.end(stream);
      arena.close();
    }
  }
}
