// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.driver.Checkable.Result;
import org.jspecify.annotations.Nullable;

/** One check of an image, with the findings and words of the reference. */
final class ParallelsCheck {
  private final Child file;
  private final ParallelsHeader header;
  private final BlockAllocationTable bat;
  private final @Nullable DataArea area;
  private final boolean unclean;
  private final Repair repair;
  private final Listener listener;

  private long corruptions;
  private long corruptionsFixed;
  private long leaks;
  private long leaksFixed;
  private long allocated;
  private long fragmented;
  private long imageEnd;

  /**
   * A check to be run once.
   *
   * @param area null if the image is read-only, and nothing can be repaired
   */
  ParallelsCheck(
      Child file,
      ParallelsHeader header,
      BlockAllocationTable bat,
      @Nullable DataArea area,
      boolean unclean,
      Repair repair,
      Listener listener) {
    this.file = file;
    this.header = header;
    this.bat = bat;
    this.area = area;
    this.unclean = unclean;
    this.repair = area == null ? Repair.NONE : repair;
    this.listener = listener;
  }

  Result result() {
    return new Result(
        corruptions,
        leaks,
        0,
        corruptionsFixed,
        leaksFixed,
        imageEnd,
        bat.count(),
        allocated,
        fragmented,
        0);
  }

  void run() throws BlockException {
    long size = file.length();
    if (unclean) {
      corrupt("image was not closed correctly");
    }
    checkClusters(size);
    checkEnd(size);
  }

  /** Notes a corruption; true if it is to be repaired. */
  private boolean corrupt(String what) {
    boolean fix = repair == Repair.ALL;
    listener.found((fix ? "Repairing " : "ERROR ") + what);
    corruptions++;
    corruptionsFixed += fix ? 1 : 0;
    return fix;
  }

  private void checkClusters(long size) throws BlockException {
    long unit = header.entryUnit();
    long clusterSize = header.clusterSize();
    long highest = 0;
    long previous = 0;
    for (int i = 0; i < bat.count(); i++) {
      int zeroes = bat.zeroRun(i, bat.count() - i);
      if (zeroes > 0) {
        previous = 0;
        i += zeroes - 1;
        continue;
      }
      long offset = bat.get(i) * unit;
      if (offset > size && corrupt("cluster " + i + " is outside image")) {
        bat.set(i, 0);
        previous = 0;
        continue;
      }
      allocated++;
      highest = Math.max(highest, offset);
      if (previous != 0 && previous + clusterSize != offset) {
        fragmented++;
      }
      previous = offset;
    }
    imageEnd = highest == 0 ? header.dataStart() : highest + clusterSize;
    if (corruptionsFixed > 0) {
      bat.writeBack();
      file.flush();
    }
  }

  /** What lies behind the last cluster is used by nobody, but for a Format Extension. */
  private void checkEnd(long size) throws BlockException {
    if (size <= imageEnd || header.extensionOffset() != 0) {
      return;
    }
    long clusterSize = header.clusterSize();
    long count = (size - imageEnd + clusterSize - 1) / clusterSize;
    leaks += count;
    DataArea open = area;
    boolean fix = repair != Repair.NONE && open != null;
    listener.found(
        (fix ? "Repairing" : "ERROR")
            + " space leaked at the end of the image "
            + (size - imageEnd));
    if (fix && open != null) {
      open.trimTo(imageEnd);
      leaksFixed += count;
    }
  }
}
