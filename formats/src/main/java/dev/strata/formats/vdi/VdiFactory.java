// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vdi;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The vdi driver. */
public final class VdiFactory implements BlockDriverFactory {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<Boolean> STATIC =
      Option.bool("static", "VDI static (pre-allocated) image").orElse(false);
  private static final int MAP_PART = 1 << 20;

  /** For the service loader. */
  public VdiFactory() {}

  @Override
  public String name() {
    return "vdi";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(SIZE, STATIC);
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    return VdiHeader.isAt(head) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return VdiImage.open(context, context.child("file", EdgeRole.IMAGE));
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    // Before there is a file that would be left empty.
    VdiHeader header = VdiHeader.create(options.take(SIZE, 0L), options.take(STATIC, false));
    Child file = context.createFile();
    writeMap(context, file, header);
    if (header.isStatic()) {
      long end = header.dataOffset() + (long) header.blocks() * VdiHeader.BLOCK;
      file.truncate(end, false, Preallocation.OFF, 0);
    }
    // Last: a crash before leaves no image at all.
    byte[] sector = new byte[VdiHeader.BYTES];
    header.encode(sector, context.stamp().newId(), context.stamp().newId());
    file.write(0, sector, 0);
  }

  /** A map without blocks, or with each block at its place; zeroes up to the data. */
  private static void writeMap(CreateContext context, Child file, VdiHeader header)
      throws BlockException {
    long bytes = header.dataOffset() - header.mapOffset();
    long used = 4L * header.blocks();
    try (BufferPool.Buffer buffer = context.buffers().acquire(Math.min(MAP_PART, bytes + 1))) {
      for (long at = 0; at < bytes; at += MAP_PART) {
        int part = (int) Math.min(MAP_PART, bytes - at);
        ByteBuffer out = buffer.bytes().slice(0, part).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < part; i += 4) {
          long block = (at + i) / 4;
          int entry = header.isStatic() ? (int) block : (int) MapEntry.UNALLOCATED;
          out.putInt(at + i < used ? entry : 0);
        }
        file.write(header.mapOffset() + at, buffer.vector(part), 0);
      }
    }
  }
}
