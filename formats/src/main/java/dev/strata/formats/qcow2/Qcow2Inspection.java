// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static dev.strata.block.driver.SafetyFinding.Severity.DANGEROUS;
import static dev.strata.block.driver.SafetyFinding.Severity.SUSPICIOUS;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.layout.Table;
import dev.strata.block.option.ImageName;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;

/** What there is to fear of an image, as far as its header and tables tell. */
final class Qcow2Inspection {
  private static final int MANY_SNAPSHOTS = 4096;

  /** Tables that small are no burden, however empty the disk. */
  private static final long SMALL_TABLE = 1 << 20;

  private static final int PROPORTION = 16;

  private final Child file;
  private final Consumer<SafetyFinding> found;
  private final HeaderFile header;
  private final Qcow2Header h;

  private Qcow2Inspection(Child file, Consumer<SafetyFinding> found) throws BlockException {
    this.file = file;
    this.found = found;
    this.header = HeaderFile.load(file);
    this.h = header.header();
  }

  /** Looks at the image in {@code file}. */
  static void run(Child file, Consumer<SafetyFinding> found) throws BlockException {
    new Qcow2Inspection(file, found).run();
  }

  private void run() throws BlockException {
    references();
    features();
    if (h.cryptMethod() != 0) {
      found.accept(
          new SafetyFinding(
              SUSPICIOUS,
              SafetyFinding.ENCRYPTION,
              "is encrypted: nobody can look into it without the key",
              "have whoever has the key make a plain copy"));
    }
    if ((h.incompatible() & Feature.CORRUPT) != 0) {
      found.accept(
          new SafetyFinding(
              DANGEROUS,
              SafetyFinding.CORRUPTION,
              "says that its metadata is corrupt",
              "ask for another copy, or repair this one with 'qemu-img check -r all'"));
    }
    if ((h.incompatible() & Feature.DIRTY) != 0) {
      found.accept(
          new SafetyFinding(
              SUSPICIOUS,
              SafetyFinding.CORRUPTION,
              "was not closed: its refcounts may be wrong",
              "repair it with 'qemu-img check -r all'"));
    }
    tables();
  }

  private void references() {
    String backing = header.backingName();
    if (backing != null && !backing.isEmpty()) {
      String layers = ImageName.isJson(backing) ? ", by options that name files themselves" : "";
      found.accept(
          new SafetyFinding(
              DANGEROUS,
              SafetyFinding.BACKING_FILE,
              "stands on the file '" + backing + "'" + layers,
              "ask for an image that stands alone: 'qemu-img convert' makes one"));
    }
    var data = header.extension(HeaderExtension.DataFile.class);
    if (h.externalDataFile() || data != null) {
      found.accept(
          new SafetyFinding(
              h.externalDataFile() ? DANGEROUS : SUSPICIOUS,
              SafetyFinding.DATA_FILE,
              "keeps its data in the file '" + (data == null ? "" : data.name()) + "'",
              "ask for an image that holds its data: 'qemu-img convert' makes one"));
    }
  }

  private void features() {
    long incompatible = h.incompatible() & ~Feature.ALL_INCOMPATIBLE;
    if (incompatible != 0) {
      found.accept(
          new SafetyFinding(
              DANGEROUS,
              SafetyFinding.FEATURES,
              "needs features that are not known: 0x" + Long.toHexString(incompatible),
              "ask for an image without them"));
    }
    long others = h.compatible() & ~Feature.LAZY_REFCOUNTS;
    others |= h.autoclear() & ~(Feature.BITMAPS | Feature.DATA_FILE_RAW);
    if (others != 0) {
      found.accept(
          new SafetyFinding(
              SUSPICIOUS,
              SafetyFinding.FEATURES,
              "has features that are not known and may be ignored: 0x" + Long.toHexString(others),
              "ask what made the image"));
    }
  }

  private void tables() throws BlockException {
    long refcountTable = (long) h.refcountTableClusters() << h.clusterBits();
    if (isImplausible("refcount table", h.refcountTableOffset(), refcountTable, 8L << 20)
        || isImplausible("L1 table", h.l1TableOffset(), 8L * h.l1Size(), 32L << 20)) {
      return;
    }
    long needed = h.size() < 0 ? 0 : Geometry.of(h).l1EntriesFor(h.size());
    if (8L * h.l1Size() > SMALL_TABLE && h.l1Size() / PROPORTION > needed) {
      outOfProportion("an L1 table of " + h.l1Size() + " entries for a disk of " + needed);
    }
    if (h.snapshotCount() > MANY_SNAPSHOTS) {
      outOfProportion(h.snapshotCount() + " snapshots");
    }
    distinct("L1 table", h.l1TableOffset(), h.l1Size());
    distinct("refcount table", h.refcountTableOffset(), (int) (refcountTable / 8));
    snapshotTables();
  }

  private void outOfProportion(String what) {
    found.accept(
        new SafetyFinding(
            SUSPICIOUS,
            SafetyFinding.SIZES,
            "has " + what,
            "limit the time and memory of what opens it"));
  }

  private boolean isImplausible(String name, long offset, long bytes, long limit)
      throws BlockException {
    long end = file.length() + h.clusterSize();
    if (bytes <= limit && offset >= 0 && offset <= end && bytes <= end - offset) {
      return false;
    }
    damaged("has a table, the " + name + ", that is not within the file");
    return true;
  }

  private void damaged(String what) {
    found.accept(
        new SafetyFinding(DANGEROUS, SafetyFinding.CORRUPTION, what, "ask for another copy"));
  }

  /** Tables that share what only one may have make small files that take forever to check. */
  private void distinct(String name, long offset, int count) throws BlockException {
    long[] entries = new long[count];
    var bytes = MemorySegment.ofArray(new byte[8 * count]);
    file.read(offset, IoVector.of(bytes), 0);
    Table.read(bytes, 0, ByteOrder.BIG_ENDIAN, entries, 0, count);
    for (int i = 0; i < count; i++) {
      entries[i] = L1Entry.offset(entries[i]);
    }
    Arrays.sort(entries);
    for (int i = 1; i < count; i++) {
      if (entries[i] != 0 && entries[i] == entries[i - 1]) {
        damaged("has a table, the " + name + ", that refers to one cluster twice");
        return;
      }
    }
  }

  private void snapshotTables() throws BlockException {
    int count = (int) Math.min(h.snapshotCount(), Qcow2Header.MAX_SNAPSHOTS);
    if (count == 0) {
      return;
    }
    long bytes = 0;
    for (SnapshotEntry entry : SnapshotTable.load(file, h, count, null).entries()) {
      bytes += 8 * entry.l1Size();
    }
    if (bytes > file.length()) {
      damaged("has snapshots whose tables are larger than the file");
    }
  }
}
