// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.driver.SnapshotStore.Snapshot;

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
 * @param info what the entry says otherwise
 */
record SnapshotEntry(
    long l1Offset,
    long l1Size,
    byte[] id,
    byte[] name,
    byte[] unknown,
    long extraSize,
    Snapshot info) {

  /** Whether the snapshot's L1 table can lie there. */
  boolean isPlausible() {
    return l1Offset >= 0 && l1Size <= Qcow2Header.MAX_L1_BYTES / 8;
  }

  /** Whether this is the snapshot that a caller knows from the list. */
  boolean is(Snapshot snapshot) {
    return info.id().equals(snapshot.id()) && info.name().equals(snapshot.name());
  }
}
