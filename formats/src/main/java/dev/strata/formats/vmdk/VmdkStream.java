// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.StreamOutput;
import dev.strata.block.layout.StructWriter;
import dev.strata.formats.compression.ClusterCodec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A stream-optimized disk as its specification has it: each grain table follows its grains, the
 * grain directory follows them all, and a footer at the end says where that is.
 *
 * @see "VMware Virtual Disk Format 5.0, Stream-Optimized Compressed Sparse Extents"
 */
final class VmdkStream implements ImageStream {
  private static final int TABLE_ENTRIES = 512;
  private static final int GRAIN = 64 << 10;
  private static final int TABLE_MARKER = 1;
  private static final int DIRECTORY_MARKER = 2;
  private static final int FOOTER_MARKER = 3;
  private static final int END_MARKER = 0;
  private static final long MAX_FILE_SECTORS = 0xffff_ffffL;

  private final SparseHeader header;
  private final byte[] descriptor;
  private final ClusterCodec codec;
  private final int[] directory;
  private final int[] table = new int[TABLE_ENTRIES];
  private int tableIndex; // of the table that is being filled
  private boolean tableUsed;
  private StreamOutput output = StreamOutput.toNowhere();

  /**
   * A disk whose header and descriptor are these.
   *
   * @param header which says that the directory is at the end
   */
  VmdkStream(SparseHeader header, byte[] descriptor) {
    this.header = header;
    this.codec = ClusterCodec.zlib(header.capacity() * VmdkExtent.SECTOR);
    this.descriptor = descriptor;
    this.directory = new int[header.directorySize()];
  }

  @Override
  public int clusterSize() {
    return GRAIN;
  }

  @Override
  public int maxStored() {
    return 2 * GRAIN + VmdkExtent.SECTOR;
  }

  @Override
  public boolean isPlanned() {
    return false;
  }

  @Override
  public MemorySegment store(long offset, MemorySegment cluster, MemorySegment room)
      throws BlockException {
    int length =
        PackedGrains.pack(codec, /* marked= */ true, offset / VmdkExtent.SECTOR, cluster, room);
    return room.asSlice(0, length);
  }

  @Override
  public void begin(StreamOutput to) throws BlockException {
    output = to;
    output.write(header.encode());
    output.write(descriptor);
    output.zeroTo(header.overhead() * VmdkExtent.SECTOR);
  }

  @Override
  public void add(long offset, MemorySegment stored) throws BlockException {
    int index = (int) (offset / GRAIN / TABLE_ENTRIES);
    if (index != tableIndex) {
      endTable();
      tableIndex = index;
    }
    table[(int) (offset / GRAIN % TABLE_ENTRIES)] = sector();
    tableUsed = true;
    output.write(stored);
  }

  /** Where the next sector comes to lie. */
  private int sector() throws BlockException {
    long sector = output.position() / VmdkExtent.SECTOR;
    if (sector > MAX_FILE_SECTORS) {
      throw BlockException.of(Errno.EFBIG);
    }
    return (int) sector;
  }

  private void endTable() throws BlockException {
    if (tableUsed) {
      directory[tableIndex] = numbers(TABLE_MARKER, table);
      Arrays.fill(table, 0);
      tableUsed = false;
    }
  }

  /** Writes numbers in whole sectors behind their marker; tells where they begin. */
  private int numbers(int type, int[] numbers) throws BlockException {
    int sectors = (4 * numbers.length + VmdkExtent.SECTOR - 1) / VmdkExtent.SECTOR;
    marker(type, sectors);
    int place = sector();
    byte[] bytes = new byte[sectors * VmdkExtent.SECTOR];
    StructWriter out = StructWriter.littleEndian(bytes);
    for (int number : numbers) {
      out.u32(number & 0xffff_ffffL);
    }
    output.write(bytes);
    return place;
  }

  /** Writes what stands before {@code sectors} sectors that are no grain. */
  private void marker(int type, int sectors) throws BlockException {
    byte[] bytes = new byte[VmdkExtent.SECTOR];
    StructWriter.littleEndian(bytes).u64(sectors).u32(0).u32(type);
    output.write(bytes);
  }

  @Override
  public void end() throws BlockException {
    endTable();
    int place = numbers(DIRECTORY_MARKER, directory);
    marker(FOOTER_MARKER, 1);
    output.write(header.withDirectory(place & 0xffff_ffffL).encode());
    marker(END_MARKER, 0);
  }

  @Override
  public void close() {
    codec.close();
  }
}
