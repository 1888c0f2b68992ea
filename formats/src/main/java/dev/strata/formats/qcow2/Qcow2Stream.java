// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.StreamOutput;
import dev.strata.formats.compression.ClusterCodec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * An image that is written from front to back. Its header, which comes first, says where the L1
 * table and the refcount table are, which come last: so everything is gone through once before.
 *
 * <pre>
 *   header │ clusters, L2 table │ clusters, L2 table, refcount block │ … │ L1 table │ refcounts
 * </pre>
 */
final class Qcow2Stream implements ImageStream {
  private final Geometry geometry;
  private final boolean compressed;
  private final ClusterCodec codec;
  private final byte[] l2;
  private final long[] l1;
  private Qcow2Header header; // with the places of the tables, as soon as they are known
  private boolean planned;
  private int l1Index; // of the L2 table that is being filled
  private boolean l2Used;
  private StreamOutput output = StreamOutput.toNowhere();
  private StreamedRefcounts refcounts;

  /**
   * An image with this header.
   *
   * @param header without the places of tables
   * @param compressed whether clusters are compressed that get smaller by that
   */
  Qcow2Stream(Qcow2Header header, boolean compressed) {
    this.header = header;
    this.compressed = compressed;
    this.geometry = Geometry.of(header);
    this.codec =
        header.compressionType() == 0 ? ClusterCodec.deflate(header.size()) : ClusterCodec.zstd();
    this.l2 = new byte[(int) geometry.clusterSize()];
    this.l1 = new long[header.l1Size()];
    this.refcounts = new StreamedRefcounts(geometry, output);
  }

  @Override
  public int clusterSize() {
    return (int) geometry.clusterSize();
  }

  @Override
  public int maxStored() {
    return compressed ? clusterSize() : 0;
  }

  @Override
  public boolean isPlanned() {
    return true;
  }

  @Override
  public MemorySegment store(long offset, MemorySegment cluster, MemorySegment room)
      throws BlockException {
    int length = compressed ? codec.compress(cluster, room) : -1;
    return length < 0 ? cluster : room.asSlice(0, length);
  }

  @Override
  public void begin(StreamOutput to) throws BlockException {
    output = to;
    refcounts = new StreamedRefcounts(geometry, to);
    Arrays.fill(l1, 0);
    byte[] cluster = new byte[clusterSize()];
    HeaderFile.encode(cluster, header, HeaderExtension.inOrder(List.of(), header), null);
    place(cluster);
  }

  /** Writes whole clusters. */
  private long place(byte[] clusters) throws BlockException {
    align();
    long place = output.position();
    refcounts.count(place, clusters.length);
    output.write(clusters);
    refcounts.writeComplete();
    return place;
  }

  /** Goes to the start of a cluster. */
  private void align() throws BlockException {
    output.zeroTo(geometry.clustersFor(output.position()) << geometry.clusterBits());
    refcounts.writeComplete();
  }

  @Override
  public void add(long offset, MemorySegment stored) throws BlockException {
    int index = (int) (offset / geometry.l1EntryCoverage());
    if (index != l1Index) {
      endTable();
      l1Index = index;
    }
    int entry = (int) (offset % geometry.l1EntryCoverage() >>> geometry.clusterBits());
    ByteBuffer table = ByteBuffer.wrap(l2).position(entry * geometry.l2EntrySize());
    boolean plain = stored.byteSize() == clusterSize();
    if (plain || !refcounts.canShare(output.position())) {
      align();
    }
    long place = output.position();
    if (plain) {
      table.putLong(place | L2Entry.COPIED);
      if (geometry.extendedL2()) {
        table.putLong(L2Entry.ALL_ALLOCATED);
      }
    } else {
      if (place >= L2Entry.compressedOffsetLimit(geometry.clusterBits())) {
        throw BlockException.of(Errno.EFBIG);
      }
      table.putLong(L2Entry.compressed(place, stored.byteSize(), geometry.clusterBits()));
    }
    l2Used = true;
    refcounts.count(place, stored.byteSize());
    output.write(stored);
  }

  private void endTable() throws BlockException {
    if (l2Used) {
      l1[l1Index] = place(l2) | L1Entry.COPIED;
      Arrays.fill(l2, (byte) 0);
      l2Used = false;
    }
  }

  @Override
  public void end() throws BlockException {
    endTable();
    long l1Clusters = geometry.clustersFor((long) l1.length * Long.BYTES);
    byte[] table = new byte[(int) (l1Clusters << geometry.clusterBits())];
    ByteBuffer.wrap(table).asLongBuffer().put(l1);
    long l1Place = l1Clusters == 0 ? 0 : place(table);
    long[] refcountTable = refcounts.end();
    Qcow2Header found =
        header
            .withL1(l1.length, l1Place)
            .withRefcountTable(refcountTable[0], (int) refcountTable[1]);
    if (planned && !found.equals(header)) {
      throw new BlockException(
          Errno.EIO, "The source has changed while it was copied: the image is not valid");
    }
    header = found;
    planned = true;
  }

  @Override
  public void close() {
    codec.close();
  }
}
