// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.archive.ArchiveLibrary;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;
import dev.strata.formats.compression.ClusterCodec;
import dev.strata.formats.compression.RecentBlock;
import java.lang.foreign.MemorySegment;

/** An open UDIF image. Nothing in it changes. */
final class DmgImage extends MappedImage {
  private static final int SECTOR = 512;

  /** What a zlib stream (RFC 1950) has before the deflated bytes. */
  private final Child file;

  private final long length;
  private final ChunkTable chunks;
  private final RecentBlock recent;
  private final ClusterCodec codec = ClusterCodec.zlib(0);

  private DmgImage(OpenContext context, Child file, long length, ChunkTable chunks) {
    super(context);
    this.file = file;
    this.length = length;
    this.chunks = chunks;
    this.recent = new RecentBlock(context.buffers(), this::decode);
  }

  static DmgImage open(OpenContext context, Child file) throws BlockException {
    KolyTrailer trailer = KolyTrailer.find(file);
    ChunkTable chunks = ChunkTable.read(context, file, trailer);
    return new DmgImage(context, file, trailer.sectors() * SECTOR, chunks);
  }

  private void decode(int index, MemorySegment out) throws BlockException {
    ChunkTable.Chunk chunk = chunks.get(index);
    if (chunk.length() == 0) {
      throw BlockException.of(Errno.EIO);
    }
    try (BufferPool.Buffer packed = context().buffers().acquire(chunk.length())) {
      file.read(chunk.offset(), packed.vector(), 0);
      switch (chunk.type()) {
        case ChunkType.ZLIB -> codec.decompress(packed.segment(), out);
        case ChunkType.ADC ->
            AdcStream.decompress(packed.segment().asByteBuffer(), out.asByteBuffer());
        case ChunkType.BZIP2 ->
            ArchiveLibrary.provider().bunzip2(packed.segment().asByteBuffer(), out.asByteBuffer());
        case ChunkType.LZFSE ->
            LzfseStream.decompress(packed.segment().asByteBuffer(), out.asByteBuffer());
        default -> throw BlockException.of(Errno.EIO);
      }
    }
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(SECTOR);
  }

  @Override
  protected long granularity() {
    return SECTOR;
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    int index = chunks.find(guestOffset);
    if (index < 0) {
      // No chunk of a known form holds it.
      throw BlockException.of(Errno.EIO);
    }
    ChunkTable.Chunk chunk = chunks.get(index);
    long run = Math.min(length, chunk.end() - guestOffset);
    if (ChunkType.isZero(chunk.type())) {
      return new Mapping.Zero(run);
    }
    if (chunk.type() != ChunkType.RAW) {
      return new Mapping.Encoded(run, true);
    }
    long within = guestOffset - chunk.start();
    if (within + run > chunk.length()) {
      throw BlockException.of(Errno.EIO);
    }
    return new Mapping.Data(file, chunk.offset() + within, run, false);
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    int index = chunks.find(guestOffset);
    ChunkTable.Chunk chunk = chunks.get(index);
    recent.read(index, (int) chunk.size(), (int) (guestOffset - chunk.start()), into);
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
