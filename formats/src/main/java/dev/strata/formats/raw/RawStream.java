// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import dev.strata.block.BlockException;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.StreamOutput;
import java.lang.foreign.MemorySegment;

/** A raw image written from front to back: holes are zeroes. */
final class RawStream implements ImageStream {
  private static final int PIECE = 64 << 10;

  private final long size;
  private StreamOutput output = StreamOutput.toNowhere();

  RawStream(long size) {
    this.size = size;
  }

  @Override
  public int clusterSize() {
    return PIECE;
  }

  @Override
  public int maxStored() {
    return 0; // nothing is stored otherwise than it is
  }

  @Override
  public boolean isPlanned() {
    return false;
  }

  @Override
  public MemorySegment store(long offset, MemorySegment cluster, MemorySegment room) {
    return cluster;
  }

  @Override
  public void begin(StreamOutput to) {
    output = to;
  }

  @Override
  public void add(long offset, MemorySegment stored) throws BlockException {
    output.zeroTo(offset);
    output.write(stored.asSlice(0, Math.min(stored.byteSize(), size - offset)));
  }

  @Override
  public void end() throws BlockException {
    output.zeroTo(size);
  }

  @Override
  public void close() {}
}
