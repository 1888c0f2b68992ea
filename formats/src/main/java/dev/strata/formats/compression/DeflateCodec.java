// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Deflate, raw or wrapped: by the JDK's zlib, and for large disks by the host's libdeflate, where
 * there is one. Which of them packs depends on nothing else, so that the same clusters are packed
 * to the same bytes.
 *
 * <p>The reference compresses with a window of 4 KiB and level 6. Here it is 32 KiB, which readers
 * that inflate a cluster in one go (all known ones) take as well, whatever window they announce:
 * the output itself is their window. The larger window makes up for a faster level.
 */
final class DeflateCodec implements ClusterCodec {
  // On Linux file systems in clusters of 64 KiB, level 2 of zlib gives files 1 % smaller than the
  // reference's in half of its time or less; level 6 would be 6 % smaller and slower than it. Level
  // 2 of libdeflate takes a third of its time, and gives 3 % less.
  private static final int LEVEL = 2;

  /** A disk of so many bytes is worth the library's start. */
  private static final long LARGE = 128L << 20;

  /** As is reading so many clusters. */
  private static final int MANY = 256;

  private final boolean wrapped;
  private final boolean large;
  private int read; // of clusters; roughly, as several threads count
  private final IdlePool<Deflater> deflaters = new IdlePool<>();
  private final IdlePool<Inflater> inflaters = new IdlePool<>();
  private final IdlePool<LibDeflate.State> compressors = new IdlePool<>();
  private final IdlePool<LibDeflate.State> decompressors = new IdlePool<>();

  /**
   * Streams with or without header and checksum.
   *
   * @param diskBytes how long the disk is that is going to be packed
   */
  DeflateCodec(boolean wrapped, long diskBytes) {
    this.wrapped = wrapped;
    this.large = diskBytes >= LARGE;
  }

  @Override
  public int compress(MemorySegment in, MemorySegment out) {
    LibDeflate library = large ? LibDeflate.installed() : null;
    LibDeflate.State state = null;
    if (library != null) {
      state = compressors.poll();
      state = state == null ? library.newCompressor(LEVEL) : state;
    }
    return library == null || state == null ? deflate(in, out) : compress(library, state, in, out);
  }

  private int compress(
      LibDeflate library, LibDeflate.State state, MemorySegment in, MemorySegment out) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = in.isNative() ? in : arena.allocate(in.byteSize()).copyFrom(in);
      int length = library.compress(wrapped, state, from, out);
      return length == 0 ? -1 : length;
    } finally {
      if (!compressors.offer(state)) {
        library.freeCompressor(state);
      }
    }
  }

  private int deflate(MemorySegment in, MemorySegment out) {
    Deflater deflater = deflaters.poll();
    if (deflater == null) {
      deflater = new Deflater(LEVEL, !wrapped);
    }
    try {
      ByteBuffer target = out.asByteBuffer();
      deflater.setInput(in.asByteBuffer());
      deflater.finish();
      int length = 0;
      while (!deflater.finished()) {
        int count = deflater.deflate(target);
        if (count == 0 || (!target.hasRemaining() && !deflater.finished())) {
          return -1;
        }
        length += count;
      }
      return length;
    } finally {
      deflater.reset();
      if (!deflaters.offer(deflater)) {
        deflater.end();
      }
    }
  }

  @Override
  public void decompress(MemorySegment in, MemorySegment out) throws BlockException {
    LibDeflate library =
        in.isNative() && out.isNative() && isLongRead() ? LibDeflate.installed() : null;
    // What the library does not take may still be one that goes on behind the cluster's end.
    if (library == null || !isDecompressed(library, in, out)) {
      inflate(in, out);
    }
  }

  private boolean isLongRead() {
    if (read < MANY) {
      read++;
      return false;
    }
    return true;
  }

  private boolean isDecompressed(LibDeflate library, MemorySegment in, MemorySegment out) {
    LibDeflate.State state = decompressors.poll();
    if (state == null) {
      state = library.newDecompressor();
    }
    if (state == null) {
      return false;
    }
    try {
      return library.decompress(wrapped, state, in, out);
    } finally {
      if (!decompressors.offer(state)) {
        library.freeDecompressor(state);
      }
    }
  }

  private void inflate(MemorySegment in, MemorySegment out) throws BlockException {
    Inflater inflater = inflaters.poll();
    if (inflater == null) {
      inflater = new Inflater(!wrapped);
    }
    try {
      ByteBuffer target = out.asByteBuffer();
      inflater.setInput(in.asByteBuffer());
      while (target.hasRemaining()) {
        // No progress: the stream ended early, or the input did.
        if (inflater.inflate(target) == 0) {
          throw BlockException.of(Errno.EIO);
        }
      }
      if (wrapped && !inflater.finished()) {
        inflater.inflate(ByteBuffer.allocate(1)); // what follows the last byte: the checksum
      }
    } catch (DataFormatException e) {
      throw BlockException.of(Errno.EIO).causedBy(e);
    } finally {
      inflater.reset();
      if (!inflaters.offer(inflater)) {
        inflater.end();
      }
    }
  }

  @Override
  public void close() {
    Deflater deflater = deflaters.poll();
    while (deflater != null) {
      deflater.end();
      deflater = deflaters.poll();
    }
    Inflater inflater = inflaters.poll();
    while (inflater != null) {
      inflater.end();
      inflater = inflaters.poll();
    }
    closeLibrary(compressors.poll(), decompressors.poll());
  }

  private void closeLibrary(
      LibDeflate.@Nullable State compressor, LibDeflate.@Nullable State decompressor) {
    LibDeflate.State packing = compressor;
    LibDeflate.State unpacking = decompressor;
    if (packing == null && unpacking == null) {
      return; // nor is the library looked for
    }
    LibDeflate library = LibDeflate.installed();
    while (library != null && packing != null) {
      library.freeCompressor(packing);
      packing = compressors.poll();
    }
    while (library != null && unpacking != null) {
      library.freeDecompressor(unpacking);
      unpacking = decompressors.poll();
    }
  }
}
