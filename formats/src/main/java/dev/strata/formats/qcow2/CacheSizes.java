// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * How much metadata is kept in memory.
 *
 * @param l2Entries how many L2 slices
 * @param l2EntrySize of a slice, in bytes
 * @param refcountEntries how many refcount blocks, a cluster each
 * @see "QEMU docs/qcow2-cache.txt"
 */
record CacheSizes(int l2Entries, int l2EntrySize, int refcountEntries) {
  private static final long DEFAULT_L2_BYTES = 32L << 20;
  private static final int MIN_L2_TABLES = 2;
  private static final int MIN_REFCOUNT_BLOCKS = 4;

  /**
   * What the options ask for, within sense.
   *
   * @param diskSize of the guest disk, which no larger cache can serve
   */
  static CacheSizes of(Qcow2Options options, Geometry geometry, long diskSize)
      throws BlockException {
    Long total = options.cacheSize();
    Long l2 = options.l2CacheSize();
    Long refcount = options.refcountCacheSize();
    Long l2EntrySize = options.l2CacheEntrySize();
    long clusterSize = geometry.clusterSize();
    long tables = geometry.l1EntriesFor(diskSize);
    long maxL2 = Math.max(tables, 1) * clusterSize;
    long minRefcount = MIN_REFCOUNT_BLOCKS * clusterSize;
    long l2Bytes;
    long refcountBytes;
    if (total != null) {
      if (l2 != null && refcount != null) {
        throw new BlockException(
            Errno.EINVAL,
            "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time");
      }
      if (l2 != null && l2 > total) {
        throw new BlockException(Errno.EINVAL, "l2-cache-size may not exceed cache-size");
      }
      if (refcount != null && refcount > total) {
        throw new BlockException(Errno.EINVAL, "refcount-cache-size may not exceed cache-size");
      }
      if (l2 != null) {
        l2Bytes = l2;
        refcountBytes = total - l2;
      } else if (refcount != null) {
        refcountBytes = refcount;
        l2Bytes = total - refcount;
      } else {
        l2Bytes = Math.min(total, maxL2);
        if (total > l2Bytes + minRefcount) {
          refcountBytes = total - l2Bytes;
        } else {
          refcountBytes = Math.min(total, minRefcount);
          l2Bytes = total - refcountBytes;
        }
      }
    } else {
      l2Bytes = l2 != null ? l2 : Math.min(DEFAULT_L2_BYTES, maxL2);
      refcountBytes = refcount != null ? refcount : minRefcount;
    }
    long entry = l2EntrySize != null ? l2EntrySize : Math.min(clusterSize, 65536);
    if (entry < 512 || entry > clusterSize || Long.bitCount(entry) != 1) {
      throw new BlockException(
          Errno.EINVAL,
          "L2 cache entry size must be a power of two between 512 and the cluster size ("
              + clusterSize
              + ")");
    }
    long l2Count = Math.max(l2Bytes / entry, MIN_L2_TABLES);
    long refcountCount = Math.max(refcountBytes / clusterSize, MIN_REFCOUNT_BLOCKS);
    if (l2Count > Integer.MAX_VALUE) {
      throw new BlockException(Errno.EINVAL, "L2 cache size too big");
    }
    if (refcountCount > Integer.MAX_VALUE) {
      throw new BlockException(Errno.EINVAL, "Refcount cache size too big");
    }
    return new CacheSizes((int) l2Count, (int) entry, (int) refcountCount);
  }
}
