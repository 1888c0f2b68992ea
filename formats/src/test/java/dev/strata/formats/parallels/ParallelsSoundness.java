// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Soundness;

/** Which guest clusters of a damaged image have a place of their own in the file. */
final class ParallelsSoundness implements Soundness {
  private final ImageBytes image;
  private final long clusterSize;
  private final long entries;
  private final long unit;

  ParallelsSoundness(ImageBytes image) {
    this.image = image;
    this.clusterSize = image.get(28, 4) * 512;
    this.entries = Math.min(image.get(32, 4), image.length() / 4);
    this.unit = ParallelsLayout.unit(image);
  }

  private long place(long cluster) {
    return image.get(64 + 4 * cluster, 4) * unit;
  }

  private boolean isAlone(long cluster) {
    long place = place(cluster);
    long dataStart = Math.max(64 + 4 * entries, image.get(48, 4) * 512);
    long extension = image.get(56, 8) * 512;
    if (place < dataStart
        || place > image.length() - clusterSize
        || (place - dataStart) % clusterSize != 0
        || (extension > place - clusterSize && extension < place + clusterSize)) {
      return false;
    }
    for (long i = 0; i < entries; i++) {
      if (i != cluster && Math.abs(place(i) - place) < clusterSize) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean contains(long offset, long length) {
    if (clusterSize == 0) {
      return false;
    }
    for (long i = offset / clusterSize; i * clusterSize < offset + length; i++) {
      if (i >= entries || (place(i) != 0 && !isAlone(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean isSeparate() {
    return clusterSize > 0 && contains(0, entries * clusterSize);
  }
}
