// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.cloop;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;
import dev.strata.formats.compression.ClusterCodec;
import dev.strata.formats.compression.RecentBlock;
import dev.strata.formats.table.EntryTable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/** An open compressed loop image. Nothing in it changes. */
final class CloopImage extends MappedImage {
  /** What a zlib stream (RFC 1950) has before the deflated bytes. */
  private static final int ZLIB_HEADER = 2;

  private final Child file;
  private final CloopHeader header;
  private final EntryTable offsets;
  private final RecentBlock recent;
  private final ClusterCodec codec = ClusterCodec.deflate(0);

  private CloopImage(OpenContext context, Child file, CloopHeader header, EntryTable offsets) {
    super(context);
    this.file = file;
    this.header = header;
    this.offsets = offsets;
    this.recent = new RecentBlock(context.buffers(), this::decode);
  }

  static CloopImage open(OpenContext context, Child file) throws BlockException {
    byte[] head = new byte[CloopHeader.BYTES];
    file.read(0, IoVector.of(head), 0);
    CloopHeader header = CloopHeader.decode(head);
    var offsets =
        new EntryTable(
            file,
            context.buffers(),
            CloopHeader.BYTES,
            header.blocks() + 1,
            8,
            ByteOrder.BIG_ENDIAN);
    check(offsets);
    return new CloopImage(context, file, header, offsets);
  }

  private static void check(EntryTable offsets) throws BlockException {
    long last = offsets.get(0);
    for (int i = 1; i < offsets.count(); i++) {
      long offset = offsets.get(i);
      if (Long.compareUnsigned(offset, last) < 0) {
        throw new BlockException(
            EINVAL,
            "offsets not monotonically increasing at index " + i + ", image file is corrupt");
      }
      if (Long.compareUnsigned(offset - last, 2L * CloopHeader.MAX_BLOCK) > 0) {
        throw new BlockException(
            EINVAL, "invalid compressed block size at index " + i + ", image file is corrupt");
      }
      last = offset;
    }
  }

  private void decode(int block, MemorySegment out) throws BlockException {
    long offset = offsets.get(block);
    long length = offsets.get(block + 1) - offset;
    if (offset < 0 || offset > Long.MAX_VALUE - length || length <= ZLIB_HEADER) {
      throw BlockException.of(Errno.EIO);
    }
    try (BufferPool.Buffer packed = context().buffers().acquire(length)) {
      file.read(offset, packed.vector(), 0);
      codec.decompress(packed.segment().asSlice(ZLIB_HEADER), out);
    }
  }

  @Override
  public long length() {
    return (long) header.blocks() * header.blockSize();
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(CloopHeader.SECTOR);
  }

  @Override
  protected long granularity() {
    return header.blockSize();
  }

  @Override
  protected Mapping map(long guestOffset, long length) {
    long left = header.blockSize() - guestOffset % header.blockSize();
    return new Mapping.Encoded(Math.min(length, left), true);
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    int block = (int) (guestOffset / header.blockSize());
    int from = (int) (guestOffset % header.blockSize());
    recent.read(block, header.blockSize(), from, into);
  }

  /** As the reference says of the whole disk: data, nobody knows where. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    codec.close();
  }
}
