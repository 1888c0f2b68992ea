// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdCompressor;
import io.airlift.compress.v3.zstd.ZstdDecompressor;
import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.airlift.compress.v3.zstd.ZstdNativeCompressor;
import io.airlift.compress.v3.zstd.ZstdNativeDecompressor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Zstandard by libzstd where aircompressor brings it for the platform, else by its Java code.
 *
 * <p>Decompression goes straight into the cluster, so a hostile frame's window allocates nothing.
 */
final class ZstdCodec implements ClusterCodec {
  private final IdlePool<Compression> compressions = new IdlePool<>();
  private final IdlePool<ZstdDecompressor> decompressors = new IdlePool<>();

  /** A compressor and room for whatever it may write: it refuses to try with less. */
  private static final class Compression {
    private final ZstdCompressor compressor =
        ZstdLibrary.LOADED ? new ZstdNativeCompressor() : new ZstdJavaCompressor();
    private MemorySegment room = MemorySegment.NULL;

    MemorySegment room(int size) {
      if (room.byteSize() < size) {
        room = Arena.ofAuto().allocate(size);
      }
      return room;
    }
  }

  @Override
  public int compress(MemorySegment in, MemorySegment out) {
    Compression compression = compressions.poll();
    if (compression == null) {
      compression = new Compression();
    }
    ZstdCompressor compressor = compression.compressor;
    MemorySegment room =
        compression.room(compressor.maxCompressedLength(Math.toIntExact(in.byteSize())));
    int length = compressor.compress(in, room);
    boolean fits = length <= out.byteSize();
    if (fits) {
      MemorySegment.copy(room, 0, out, 0, length);
    }
    compressions.offer(compression);
    return fits ? length : -1;
  }

  @Override
  public void decompress(MemorySegment in, MemorySegment out) throws BlockException {
    ZstdDecompressor decompressor = decompressors.poll();
    if (decompressor == null) {
      decompressor = ZstdLibrary.LOADED ? new ZstdNativeDecompressor() : new ZstdJavaDecompressor();
    }
    try {
      long from = 0;
      long done = 0;
      while (done < out.byteSize()) {
        // The decoders want a frame and nothing behind it, but the cluster ends in padding.
        long length = ZstdFrame.length(in, from);
        done += decompressor.decompress(in.asSlice(from, length), out.asSlice(done));
        from += length;
      }
    } catch (MalformedInputException | IllegalArgumentException e) {
      // The native decoder has IllegalArgumentException for frames it does not take.
      throw BlockException.of(Errno.EIO).causedBy(e);
    } finally {
      decompressors.offer(decompressor);
    }
  }

  @Override
  public void close() {
    // What they hold is freed when it is no longer reachable.
    compressions.clear();
    decompressors.clear();
  }
}
