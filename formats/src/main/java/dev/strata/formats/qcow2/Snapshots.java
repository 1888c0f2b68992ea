// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.layout.StructWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The internal snapshots of an image. References are on disk before anything points there, and fall
 * only when nothing does any more: a crash leaks clusters at worst. Nothing else is in flight
 * during a change; under the image's table lock.
 */
final class Snapshots {
  private static final int SECTOR = 512;

  private final Qcow2Metadata metadata;
  private final MetadataPlaces places;
  private List<SnapshotEntry> entries = List.of();
  private long tableBytes;
  private boolean pointed; // the file may point to what a change has made

  /**
   * The snapshots of an image that is being opened.
   *
   * @param toCheck the table is left to the check to read
   */
  Snapshots(Qcow2Metadata metadata, boolean toCheck) throws BlockException {
    this.metadata = metadata;
    this.places = metadata.places();
    if (!toCheck) {
      read((int) metadata.header().header().snapshotCount(), null);
    }
  }

  /**
   * Reads the table; without success there are no snapshots.
   *
   * @param count of entries, at most {@link Qcow2Header#MAX_SNAPSHOTS}
   * @param repairs hears what is left out because it exceeds the limits; null if that is a failure
   * @return what was read, and how much was left out
   */
  SnapshotTable.Loaded read(int count, @Nullable Listener repairs) throws BlockException {
    entries = List.of(); // not two of them: each may take 64 MiB
    SnapshotTable.Loaded table =
        SnapshotTable.load(metadata.file(), metadata.header().header(), count, repairs);
    entries = List.copyOf(table.entries());
    tableBytes = table.bytes();
    places.snapshots(entries, tableBytes);
    return table;
  }

  /** Has the file forget the entries behind those that are known here; the others stay. */
  void forgetOthers() throws BlockException {
    var field = new byte[4];
    StructWriter.bigEndian(field).u32(entries.size());
    metadata.file().write(60, field, 0);
    metadata.file().flush();
    Qcow2Header header = metadata.header().header();
    metadata.header().changed(header.withSnapshots(entries.size(), header.snapshotsOffset()));
  }

  /** Writes the table anew, as it is known here. */
  void rewrite() throws BlockException {
    change(() -> writeTable(entries));
  }

  /** Sees to it that the table says of each snapshot what version 3 wants. */
  void complete() throws BlockException {
    for (SnapshotEntry entry : entries) {
      if (!entry.isComplete()) {
        rewrite();
        return;
      }
    }
  }

  List<SnapshotEntry> entries() {
    return entries;
  }

  /** How many bytes of the file the table takes. */
  long tableBytes() {
    return tableBytes;
  }

  List<Snapshot> list() {
    var snapshots = new ArrayList<Snapshot>();
    for (SnapshotEntry entry : entries) {
      snapshots.add(entry.info());
    }
    return snapshots;
  }

  /** A change of the table or of the active state. */
  private interface Change {
    void run() throws BlockException;
  }

  private void change(Change change) throws BlockException {
    metadata.corruption().checkUsable();
    metadata.freed().settle();
    metadata.caches().sync();
    pointed = false;
    // L2 tables that snapshots share are written on purpose now.
    places.snapshots(List.of(), tableBytes);
    try {
      change.run();
    } finally {
      places.snapshots(entries, tableBytes);
      metadata.hasSnapshots(!entries.isEmpty());
    }
  }

  /** Keeps the present state. */
  Snapshot create(Snapshot wanted) throws BlockException {
    if (metadata.hasExternalData()) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    if (entries.size() >= Qcow2Header.MAX_SNAPSHOTS) {
      throw BlockException.of(Errno.EFBIG);
    }
    String id = wanted.id().isEmpty() ? freeId() : wanted.id();
    for (SnapshotEntry entry : entries) {
      if (entry.info().id().equals(id)) {
        throw BlockException.of(Errno.EEXIST);
      }
    }
    var made =
        new Snapshot(
            id,
            wanted.name(),
            wanted.vmStateSize(),
            wanted.dateSeconds(),
            wanted.dateNanos(),
            wanted.vmClockNanos(),
            wanted.instructionCount(),
            metadata.size());
    change(() -> create(made, made.name().getBytes(StandardCharsets.UTF_8)));
    return made;
  }

  private void create(Snapshot made, byte[] name) throws BlockException {
    long[] l1 = metadata.l1().entries().clone();
    long offset = 0;
    boolean raised = false;
    var references = new TableReferences(metadata);
    boolean done = false;
    try {
      offset = writeL1(l1);
      references.raise(l1);
      raised = true;
      metadata.caches().sync();
      metadata.l1().rewrite(withoutCopied(l1));
      var list = new ArrayList<>(entries);
      byte[] id = made.id().getBytes(StandardCharsets.UTF_8);
      list.add(
          new SnapshotEntry(
              offset, l1.length, id, name, new byte[0], SnapshotTable.KNOWN_EXTRA, made));
      writeTable(list);
      done = true;
    } finally {
      if (!done && !pointed) {
        // A copy whose references could not be raised is leaked, as the reference tools leave it.
        if (raised) {
          references.undoRaise(l1);
          release(offset, l1.length * 8L);
        }
      }
    }
  }

  private static long[] withoutCopied(long[] l1) {
    long[] cleared = l1.clone();
    for (int i = 0; i < cleared.length; i++) {
      cleared[i] &= ~L1Entry.COPIED;
    }
    return cleared;
  }

  /** Writes an L1 table to new clusters, whose references are on disk then as well. */
  private long writeL1(long[] l1) throws BlockException {
    return l1.length == 0 ? 0 : writeNew(RefcountTable.toBytes(l1));
  }

  private long writeNew(IoVector bytes) throws BlockException {
    long offset = metadata.allocator().allocate(metadata.geometry().clustersFor(bytes.length()));
    boolean written = false;
    try {
      metadata.caches().sync();
      metadata.overlaps().beforeWrite(0, offset, bytes.length());
      metadata.file().write(offset, bytes, 0);
      metadata.file().flush();
      written = true;
      return offset;
    } finally {
      if (!written) {
        release(offset, bytes.length());
      }
    }
  }

  /** Gives clusters back that nothing points to. */
  private void release(long offset, long bytes) throws BlockException {
    if (offset != 0 && !metadata.corruption().isFatal()) {
      metadata.freed().release(offset, bytes, FreedClusters.Reason.OTHER);
      metadata.freed().settle();
    }
  }

  private String freeId() {
    long highest = 0;
    for (SnapshotEntry entry : entries) {
      highest = Math.max(highest, leadingNumber(entry.info().id()));
    }
    return String.valueOf(highest + 1);
  }

  private static long leadingNumber(String id) {
    long number = 0;
    for (int i = 0; i < id.length() && number < 1L << 32; i++) {
      int digit = id.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  /** Puts another table in the place of the old one. */
  private void writeTable(List<SnapshotEntry> list) throws BlockException {
    long bytes = SnapshotTable.size(list);
    long offset = bytes == 0 ? 0 : writeTable(list, bytes);
    pointed = true;
    var fields = new byte[12];
    StructWriter.bigEndian(fields).u32(list.size()).u64(offset);
    metadata.file().write(60, fields, 0);
    metadata.file().flush();
    Qcow2Header header = metadata.header().header();
    long oldOffset = header.snapshotsOffset();
    long oldBytes = tableBytes;
    metadata.header().changed(header.withSnapshots(list.size(), offset));
    entries = List.copyOf(list);
    tableBytes = bytes;
    places.snapshots(List.of(), tableBytes);
    if (oldBytes > 0) {
      release(oldOffset, oldBytes);
    }
  }

  private long writeTable(List<SnapshotEntry> list, long bytes) throws BlockException {
    ByteBuffer table = ByteBuffer.allocateDirect((int) bytes); // size() has bounded it
    SnapshotTable.encode(list, StructWriter.bigEndian(table));
    return writeNew(IoVector.of(table));
  }

  private SnapshotEntry find(Snapshot snapshot) throws BlockException {
    for (SnapshotEntry entry : entries) {
      if (entry.is(snapshot)) {
        return entry;
      }
    }
    throw BlockException.of(Errno.ENOENT);
  }

  /** The L1 table of one of {@link #entries}. */
  long[] readL1(SnapshotEntry entry) throws BlockException {
    Qcow2Open.checkTable(
        "Snapshot L1 table",
        entry.l1Offset(),
        entry.l1Size(),
        8,
        Qcow2Header.MAX_L1_BYTES,
        metadata.geometry().clusterSize());
    var l1 = new long[(int) entry.l1Size()];
    if (l1.length > 0) {
      RefcountTable.readWords(metadata.file(), entry.l1Offset(), l1);
    }
    return l1;
  }

  /** The L1 table of a snapshot. */
  long[] l1(Snapshot snapshot) throws BlockException {
    return readL1(find(snapshot));
  }

  /** Gives up a snapshot. */
  void delete(Snapshot snapshot) throws BlockException {
    SnapshotEntry entry = find(snapshot);
    long[] l1 = readL1(entry);
    change(() -> {
      var list = new ArrayList<>(entries);
      list.remove(entry);
      writeTable(list);
      var references = new TableReferences(metadata);
      references.release(l1);
      release(entry.l1Offset(), l1.length * 8L);
      references.markCopied();
    });
  }

  /** Goes back to a snapshot. */
  void apply(Snapshot snapshot) throws BlockException {
    SnapshotEntry entry = find(snapshot);
    long[] l1 = readL1(entry);
    long size = entry.rest().diskSize();
    if (size < 0 || (size & (SECTOR - 1)) != 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    if (metadata.header().extension(HeaderExtension.Bitmaps.class) != null) {
      // They would not know what changes.
      throw new BlockException(Errno.EOPNOTSUPP, "Device has active dirty bitmaps");
    }
    long needed = Math.max(metadata.geometry().l1EntriesFor(size), l1.length);
    if (needed > Qcow2Header.MAX_L1_BYTES / 8) {
      throw BlockException.of(Errno.EFBIG);
    }
    int length = Math.max((int) needed, metadata.l1().size());
    change(() -> apply(l1, Arrays.copyOf(withoutCopied(l1), length), size));
  }

  private void apply(long[] snapshotL1, long[] target, long size) throws BlockException {
    L1Table active = metadata.l1();
    long[] old = active.entries().clone();
    var references = new TableReferences(metadata);
    references.raise(snapshotL1);
    boolean done = false;
    try {
      metadata.caches().sync();
      // One sector is written as a whole or not at all.
      if (size == metadata.size() && target.length == old.length && old.length * 8L <= SECTOR) {
        pointed = true;
        active.rewrite(target);
        metadata.file().flush();
      } else {
        move(active, target, size);
      }
      done = true;
    } finally {
      if (!done && !pointed) {
        references.undoRaise(snapshotL1);
      }
    }
    references.release(old);
    references.markCopied();
  }

  private void move(L1Table active, long[] target, long size) throws BlockException {
    long offset = writeL1(target);
    pointed = true;
    var fields = new byte[24];
    Qcow2Header header = metadata.header().header();
    StructWriter.bigEndian(fields)
        .u64(size)
        .u32(header.cryptMethod())
        .u32(target.length)
        .u64(offset);
    Child file = metadata.file();
    file.write(24, fields, 0);
    file.flush();
    metadata.header().changed(header.withSize(size).withL1(target.length, offset));
    long oldOffset = active.offset();
    long oldBytes = active.size() * 8L;
    active.replace(offset, target);
    metadata.size(size);
    if (oldBytes > 0) {
      release(oldOffset, oldBytes);
    }
  }

  /** Lets an image that nobody writes read as the snapshot. */
  void load(Snapshot snapshot) throws BlockException {
    SnapshotEntry entry = find(snapshot);
    metadata.l1().replace(entry.l1Offset(), readL1(entry));
  }
}
