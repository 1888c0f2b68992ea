// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.driver.Checkable.Listener;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The snapshot table as the file has it.
 *
 * @see "QEMU docs/interop/qcow2.txt, Snapshots"
 */
final class SnapshotTable {
  /** The most bytes of extra data of an entry. */
  static final int MAX_EXTRA_DATA = 1024;

  /** The most bytes of the table. */
  static final long MAX_BYTES = 64L << 20;

  /** The bytes of an entry without its extra data and names. */
  static final int FIXED = 40;

  /** The bytes of extra data whose meaning is known, and which every entry written here has. */
  static final int KNOWN_EXTRA = 24;

  private static final int CHUNK = 64 << 10;

  private final Child file;
  private final long start;
  private final long end; // of the file
  private long position;
  private byte[] chunk = new byte[0];
  private long chunkOffset;

  private final @Nullable Listener repairs;
  private long length; // of what is kept
  private int shortened;

  private SnapshotTable(Child file, long start, @Nullable Listener repairs) throws BlockException {
    this.file = file;
    this.repairs = repairs;
    this.start = start;
    this.end = file.length();
    this.position = start;
  }

  /**
   * A table with its length in the file.
   *
   * @param overhanging how many entries at its end were left out, for they exceed the limits
   * @param shortened how many others lost extra data that exceed them
   */
  record Loaded(List<SnapshotEntry> entries, long bytes, int overhanging, int shortened) {}

  /**
   * Reads the table that the header names.
   *
   * @param count how many entries of it, bounded by the caller
   * @param repairs hears what is left out because it exceeds the limits; null if that is a failure
   */
  static Loaded load(Child file, Qcow2Header header, int count, @Nullable Listener repairs)
      throws BlockException {
    var entries = new ArrayList<SnapshotEntry>();
    var table = new SnapshotTable(file, header.snapshotsOffset(), repairs);
    int overhanging = 0;
    for (int i = 0; i < count; i++) {
      long before = table.position;
      SnapshotEntry entry = table.entry(i, header.size());
      if (table.length > MAX_BYTES) {
        if (repairs == null) {
          throw new BlockException(Errno.EFBIG, "Snapshot table is too big")
              .withHint(overhanging(count - i));
        }
        repairs.found(
            "Discarding " + (count - i) + " overhanging snapshots (snapshot table is too big)");
        overhanging = count - i;
        table.position = before;
        break;
      }
      entries.add(entry);
    }
    return new Loaded(entries, table.position - table.start, overhanging, table.shortened);
  }

  /** What can be done about more snapshots than there may be. */
  static String overhanging(long snapshots) {
    return "You can force-remove all "
        + snapshots
        + " overhanging snapshots with qemu-img check -r all";
  }

  private SnapshotEntry entry(int index, long diskSize) throws BlockException {
    StructReader in = StructReader.bigEndian(bytes(FIXED));
    long l1Offset = in.u64("l1_table_offset"); //        0
    long l1Size = in.u32("l1_size"); //                  8
    int idSize = in.u16("id_str_size"); //              12
    int nameSize = in.u16("name_size"); //              14
    long seconds = in.u32("date_sec"); //               16
    long nanos = in.u32("date_nsec"); //                20
    long clock = in.u64("vm_clock_nsec"); //            24
    long vmStateSize = in.u32("vm_state_size"); //      32
    long extraSize = in.u32("extra_data_size"); //      36
    if (extraSize > MAX_EXTRA_DATA && repairs == null) {
      throw new BlockException(
              Errno.EFBIG, "Too much extra metadata in snapshot table entry " + index)
          .withHint("You can force-remove this extra metadata with qemu-img check -r all");
    }
    int extraKept = (int) Math.min(extraSize, MAX_EXTRA_DATA);
    byte[] extra = bytes(extraKept);
    if (repairs != null && extraSize > extraKept) {
      repairs.found(
          "Discarding too much extra metadata in snapshot table entry "
              + index
              + " ("
              + extraSize
              + " > "
              + MAX_EXTRA_DATA
              + ")");
      shortened++;
      position += extraSize - extraKept;
    }
    StructReader known = StructReader.bigEndian(extra);
    if (extraSize >= 8) {
      vmStateSize = known.u64("vm_state_size");
    }
    long size = extraSize >= 16 ? known.u64("disk_size") : diskSize;
    long instructions = extraSize >= KNOWN_EXTRA ? known.u64("icount") : -1;
    byte[] unknown =
        extra.length > KNOWN_EXTRA
            ? Arrays.copyOfRange(extra, KNOWN_EXTRA, extra.length)
            : new byte[0];
    byte[] id = bytes(idSize);
    byte[] name = bytes(nameSize);
    position = start + ((position - start + 7) & -8L);
    length = ((length + 7) & -8L) + FIXED + extraKept + idSize + nameSize;
    var rest =
        new Snapshot(
            "",
            "",
            vmStateSize,
            seconds,
            (int) Math.min(nanos, 999_999_999),
            clock,
            instructions,
            size);
    return new SnapshotEntry(l1Offset, l1Size, id, name, unknown, extraSize, rest);
  }

  /** The next bytes; what lies in the file behind them is read with them. */
  private byte[] bytes(int length) throws BlockException {
    long from = position - chunkOffset;
    if (from + length > chunk.length) {
      long size = Math.max(length, Math.min(CHUNK, end - position));
      chunk = new byte[(int) size];
      chunkOffset = position;
      from = 0;
      try {
        file.read(position, chunk, 0);
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Failed to read snapshot table");
      }
    }
    position += length;
    return Arrays.copyOfRange(chunk, (int) from, (int) from + length);
  }

  private static long length(SnapshotEntry entry) {
    long length = (long) FIXED + KNOWN_EXTRA + entry.unknown().length;
    return length + entry.id().length + entry.name().length;
  }

  /** How many bytes the table has. */
  static long size(List<SnapshotEntry> entries) throws BlockException {
    long size = 0;
    for (SnapshotEntry entry : entries) {
      size = ((size + 7) & -8L) + length(entry);
    }
    if (size > MAX_BYTES || entries.size() > Qcow2Header.MAX_SNAPSHOTS) {
      throw BlockException.of(Errno.EFBIG);
    }
    return size;
  }

  /** Writes the table's bytes. */
  static void encode(List<SnapshotEntry> entries, StructWriter out) {
    for (SnapshotEntry entry : entries) {
      out.zeroes(-out.position() & 7);
      Snapshot info = entry.rest();
      long vmStateSize = info.vmStateSize();
      out.u64(entry.l1Offset());
      out.u32(entry.l1Size());
      out.u16(entry.id().length);
      out.u16(entry.name().length);
      out.u32(info.dateSeconds());
      out.u32(info.dateNanos());
      out.u64(info.vmClockNanos());
      out.u32(vmStateSize >>> 32 == 0 ? vmStateSize : 0);
      out.u32(KNOWN_EXTRA + entry.unknown().length);
      out.u64(vmStateSize);
      out.u64(info.diskSize());
      out.u64(info.instructionCount());
      out.bytes(entry.unknown());
      out.bytes(entry.id());
      out.bytes(entry.name());
    }
  }
}
