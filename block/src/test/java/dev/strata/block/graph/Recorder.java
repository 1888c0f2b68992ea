// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A disk in memory with limits to choose, which writes down the requests that reach it. */
final class Recorder implements BlockDriver, BlockDriverFactory {
  private final Limits limits;
  final byte[] content;
  final List<String> requests = new CopyOnWriteArrayList<>();
  volatile @Nullable Errno failure;
  volatile @Nullable CountDownLatch writesWaitFor;

  Recorder(Limits limits, int size) {
    this.limits = limits;
    this.content = new byte[size];
    Arrays.fill(content, (byte) 0x11);
  }

  private void note(String request) throws BlockException {
    requests.add(request);
    Errno errno = failure;
    if (errno != null) {
      throw BlockException.of(errno);
    }
  }

  @Override
  public String name() {
    return "recorder";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of();
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) {
    return this;
  }

  @Override
  public Limits limits() {
    return limits;
  }

  @Override
  public long length() {
    return content.length;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    note("read " + offset + "+" + into.length());
    into.copyFrom(0, MemorySegment.ofArray(content).asSlice(offset, into.length()));
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    note("write " + offset + "+" + from.length() + (flags == 0 ? "" : " flags " + flags));
    CountDownLatch latch = writesWaitFor;
    if (latch != null) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    from.copyTo(0, MemorySegment.ofArray(content).asSlice(offset, from.length()));
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    note("zero " + offset + "+" + length + (flags == 0 ? "" : " flags " + flags));
    Arrays.fill(content, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    note("discard " + offset + "+" + length);
  }

  @Override
  public void flush() throws BlockException {
    note("flush");
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public void close() {}
}
