// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.driver.SnapshotStore.Snapshot;
import java.nio.charset.StandardCharsets;

/**
 * An entry of the snapshot table.
 *
 * @param l1Offset where the snapshot's L1 table lies, as the file says
 * @param l1Size how many entries it has, as the file says
 * @param id as the file has it
 * @param name as the file has it
 * @param unknown extra data behind the fields known here; at most {@link
 *     SnapshotTable#MAX_EXTRA_DATA} bytes
 * @param extraSize how many bytes of extra data the file has in all
 * @param rest what the entry says otherwise; its id and name are empty, for those of all entries
 *     may be 64 MiB
 */
record SnapshotEntry(
    long l1Offset,
    long l1Size,
    byte[] id,
    byte[] name,
    byte[] unknown,
    long extraSize,
    Snapshot rest) {

  /** What version 3 wants of an entry's extra data: the VM state's size and the disk's. */
  private static final int MIN_EXTRA_DATA = 16;

  /** How many bytes of an id and of a name users see. */
  private static final int SHOWN_ID = 127;

  private static final int SHOWN_NAME = 255;

  /** Whether it says what every entry has to in version 3. */
  boolean isComplete() {
    return extraSize >= MIN_EXTRA_DATA;
  }

  /** The snapshot as its users know it. */
  Snapshot info() {
    return new Snapshot(
        text(id, SHOWN_ID),
        text(name, SHOWN_NAME),
        rest.vmStateSize(),
        rest.dateSeconds(),
        rest.dateNanos(),
        rest.vmClockNanos(),
        rest.instructionCount(),
        rest.diskSize());
  }

  /** Whether the snapshot's L1 table can lie there. */
  boolean isPlausible() {
    return l1Offset >= 0 && l1Size <= Qcow2Header.MAX_L1_BYTES / 8;
  }

  /** Whether this is the snapshot that a caller knows from the list. */
  boolean is(Snapshot snapshot) {
    return text(id, SHOWN_ID).equals(snapshot.id())
        && text(name, SHOWN_NAME).equals(snapshot.name());
  }

  /** What is shown of an id or a name: up to the first NUL, and as much as the reference shows. */
  private static String text(byte[] bytes, int most) {
    int length = 0;
    while (length < Math.min(bytes.length, most) && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
