// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import dev.strata.block.BlockException;
import java.lang.foreign.MemorySegment;

/**
 * Compresses and decompresses whole clusters, each by itself. Thread-safe: the working memory is
 * pooled, so that a call allocates next to nothing, and what lies in the pool is bounded.
 */
public sealed interface ClusterCodec extends AutoCloseable permits DeflateCodec, ZstdCodec {
  /**
   * Raw deflate streams (RFC 1951), as the compression type {@code zlib} of qcow2 has them.
   *
   * @param diskBytes how long the disk is that is going to be packed; 0 if none is
   */
  static ClusterCodec deflate(long diskBytes) {
    return new DeflateCodec(false, diskBytes);
  }

  /**
   * Deflate streams with a header and a checksum (RFC 1950).
   *
   * @param diskBytes how long the disk is that is going to be packed; 0 if none is
   */
  static ClusterCodec zlib(long diskBytes) {
    return new DeflateCodec(true, diskBytes);
  }

  /** Zstandard frames (RFC 8878). */
  static ClusterCodec zstd() {
    return new ZstdCodec();
  }

  /**
   * Compresses all of {@code in} to the start of {@code out}; both on or off the heap.
   *
   * @return how many bytes of {@code out} that took; -1 if it does not fit with a byte to spare,
   *     and {@code out} then holds whatever
   */
  int compress(MemorySegment in, MemorySegment out) throws BlockException;

  /**
   * Fills all of {@code out} with what {@code in} says; bytes of {@code in} behind that are not
   * looked at, since an image may not tell where the compressed bytes end.
   *
   * @throws BlockException EIO if {@code in} is malformed or is too short to fill {@code out}
   */
  void decompress(MemorySegment in, MemorySegment out) throws BlockException;

  /** Gives the working memory up; nothing else may be called then or afterwards. */
  @Override
  void close();
}
