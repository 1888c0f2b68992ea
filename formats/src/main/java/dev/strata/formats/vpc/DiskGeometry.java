// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * The geometry that a disk shows to its guest, whose product is the disk's size for some programs.
 *
 * @param cylinders 0 to 65535
 * @param heads 0 to 255
 * @param sectors of a track, 0 to 255
 * @see "Virtual Hard Disk Image Format Specification, Appendix: CHS Calculation"
 */
record DiskGeometry(int cylinders, int heads, int sectors) {
  /** The largest one: it says nothing of the disk's size. */
  static final DiskGeometry LARGEST = new DiskGeometry(65535, 16, 255);

  /** 2040 GiB, in sectors. */
  static final long MAX_SECTORS = 0xff000000L;

  private static final long MAX_SMALL_TRACKS = 65535L * 16 * 63;

  /** Sectors of the whole disk. */
  long product() {
    return (long) cylinders * heads * sectors;
  }

  boolean isLargest() {
    return product() == LARGEST.product();
  }

  /** The geometry that the specification computes for a disk, which may be a bit too small. */
  static DiskGeometry of(long diskSectors) {
    long total = Math.min(diskSectors, LARGEST.product());
    if (total > MAX_SMALL_TRACKS) {
      return new DiskGeometry((int) (total / 255 / 16), 16, 255);
    }
    long tracks = total / 17;
    int sectors = 17;
    long heads = Math.max((tracks + 1023) / 1024, 4);
    if (tracks >= heads * 1024 || heads > 16) {
      sectors = 31;
      heads = 16;
      tracks = total / 31;
    }
    if (tracks >= heads * 1024) {
      sectors = 63;
      heads = 16;
      tracks = total / 63;
    }
    return new DiskGeometry((int) (tracks / heads), (int) heads, sectors);
  }

  /** The first geometry that holds so many sectors, or the largest one. */
  static DiskGeometry holding(long diskSectors) throws BlockException {
    DiskGeometry geometry = of(diskSectors);
    // Each step adds a sector; the next cylinder is 16 x 255 away at most.
    for (long more = 1; geometry.product() < diskSectors && !geometry.isLargest(); more++) {
      geometry = of(diskSectors + more);
    }
    if (geometry.isLargest() && diskSectors > MAX_SECTORS) {
      throw BlockException.of(Errno.EFBIG);
    }
    return geometry;
  }
}
