// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Measurable.Measurement;
import dev.strata.block.driver.Measurable.Source;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.LuksCreation;
import dev.strata.formats.crypto.Passphrases;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How large an image with certain options gets: all tables as for a full image, and the clusters
 * that hold data.
 *
 * @param keepsAll whether every cluster of the source is copied, because of a backing file whose
 *     content is not known
 * @param allocates whether creation allocates all data clusters
 * @param encryption the encryption header's size in bytes, whole clusters
 */
record Qcow2Measure(
    long size,
    Geometry geometry,
    boolean bitmaps,
    boolean keepsAll,
    boolean allocates,
    long encryption) {
  private static final long MAX_STATUS = 1L << 30;

  /** Takes the options that matter, with the reference's words for wrong ones. */
  static Qcow2Measure take(BlockOptions options, ObjectRegistry objects) throws BlockException {
    Long clusterSize = options.takeSize("cluster_size");
    long cluster = clusterSize == null ? 65536 : clusterSize;
    if (cluster < 512 || cluster > 2 << 20 || Long.bitCount(cluster) != 1) {
      throw wrong("Cluster size must be a power of two between 512 and 2048k");
    }
    boolean extended = Boolean.TRUE.equals(options.takeBool("extended_l2"));
    if (extended && cluster < 16384) {
      throw wrong(
          "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes");
    }
    String preallocation = options.takeString("preallocation");
    boolean allocates =
        switch (preallocation == null ? "off" : preallocation) {
          case "off", "metadata" -> false;
          case "falloc", "full" -> true;
          default -> throw wrong("invalid parameter value: " + preallocation);
        };
    String compat = options.takeString("compat");
    boolean old =
        switch (compat == null ? "1.1" : compat) {
          case "0.10", "v2" -> true;
          case "1.1", "v3" -> false;
          default -> throw wrong("Invalid compatibility level: '" + compat + "'");
        };
    Long refcountBits = options.takeNumber("refcount_bits");
    long bits = refcountBits == null ? 16 : refcountBits;
    if (bits < 1 || bits > 64 || Long.bitCount(bits) != 1) {
      throw wrong("Refcount width must be a power of two and may not exceed 64 bits");
    }
    if (old && bits != 16) {
      throw wrong(
          "Different refcount widths than 16 bits require compatibility level 1.1 or above (use"
              + " compat=1.1 or greater)");
    }
    boolean backing = options.takeString("backing_file") != null;
    long encryption = 0;
    if ("luks".equals(options.takeString("encrypt.format"))) {
      LuksCreation creation = LuksCreation.take(options.section("encrypt"));
      var passphrases = new Passphrases(objects, EncryptionOptions.KEY_SECRET);
      Arrays.fill(passphrases.required(creation.keySecret()), (byte) 0);
      encryption = (creation.headerBytes() + cluster - 1) & -cluster;
    }
    Long size = options.takeSize("size");
    return new Qcow2Measure(
        size == null ? 0 : size,
        new Geometry(
            Long.numberOfTrailingZeros(cluster), extended, Long.numberOfTrailingZeros(bits)),
        !old,
        backing,
        allocates,
        encryption);
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  Measurement run(@Nullable Source source) throws BlockException {
    long guestSize = source == null ? size : source.length();
    long dataClusters = guestSize >>> geometry.clusterBits();
    if (geometry.offsetInCluster(guestSize) != 0) {
      dataClusters++;
    }
    if (guestSize < 0 || geometry.l1EntriesFor(guestSize) > Qcow2Header.MAX_L1_BYTES / Long.BYTES) {
      throw wrong("The image size is too large (try using a larger cluster size)");
    }
    long tables = tableClusters(guestSize, dataClusters);
    long stored = dataClusters;
    if (!allocates && !keepsAll) {
      stored = source == null ? 0 : clustersWithData(source, guestSize);
    } else if (!allocates && source == null) {
      stored = 0;
    }
    return new Measurement(
        encryption + ((tables + stored) << geometry.clusterBits()),
        encryption + ((tables + dataClusters) << geometry.clusterBits()),
        source == null || !bitmaps ? -1 : bitmapBytes(source, guestSize));
  }

  /** Header, L1 and L2 tables, and the refcounts that count them, the data and themselves. */
  private long tableClusters(long guestSize, long dataClusters) {
    long l1Entries = geometry.l1EntriesFor(guestSize);
    long counted = 1 + geometry.clustersFor(l1Entries * Long.BYTES) + l1Entries;
    long refcounted = counted + dataClusters;
    long blocks = 0;
    long table = 0;
    while (true) {
      long all = refcounted + blocks + table;
      long moreBlocks = ((all - 1) >>> geometry.refcountBlockBits()) + 1;
      long moreTable = geometry.clustersFor(moreBlocks * Long.BYTES);
      if (moreBlocks == blocks && moreTable == table) {
        return counted + blocks + table;
      }
      // Both only grow, and by less each time: this ends.
      blocks = moreBlocks;
      table = moreTable;
    }
  }

  private long clustersWithData(Source source, long guestSize) throws BlockException {
    long clusters = 0;
    long counted = 0; // all clusters before this offset
    for (long offset = 0; offset < guestSize; ) {
      Extent extent =
          source.status(offset, Math.min(guestSize - offset, MAX_STATUS), StatusDetail.ZEROES);
      long end = offset + extent.length();
      if (extent.data() && !extent.zero()) {
        long first = Math.max(counted, geometry.startOfCluster(offset));
        if (end > first) {
          long more = geometry.clustersFor(end - first);
          clusters += more;
          counted = first + (more << geometry.clusterBits());
        }
      }
      offset = end;
    }
    return clusters;
  }

  /** What the source's bitmaps take here; -1 if it is of no format that keeps any. */
  private long bitmapBytes(Source source, long guestSize) throws BlockException {
    Optional<Qcow2Image> image = source.capability(Qcow2Image.class);
    if (image.isEmpty() || !image.get().keepsBitmaps()) {
      return -1;
    }
    List<StoredBitmap> stored = image.get().storedBitmaps();
    long clusters = 0;
    long directory = 0;
    for (StoredBitmap bitmap : stored) {
      long bits = guestSize == 0 ? 0 : ((guestSize - 1) >>> bitmap.granularityBits()) + 1;
      long data = geometry.clustersFor((bits + 7) >>> 3);
      clusters += data + geometry.clustersFor(data * Long.BYTES);
      directory += StoredBitmap.entrySize(bitmap.name().getBytes(StandardCharsets.UTF_8).length);
    }
    return (clusters + geometry.clustersFor(directory)) << geometry.clusterBits();
  }
}
