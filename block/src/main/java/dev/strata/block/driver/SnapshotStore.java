// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import java.util.List;

/** A format that keeps internal snapshots. Nothing else may be in flight during a call. */
public interface SnapshotStore {
  /**
   * An internal snapshot.
   *
   * @param id unique in the image; decimal digits as a rule
   * @param name the user's; may be empty or not unique
   * @param vmStateSize of the VM state kept with it, in bytes
   * @param dateSeconds since the epoch
   * @param dateNanos the date's part below a second
   * @param vmClockNanos of the guest's clock
   * @param instructionCount -1 if unknown
   * @param diskSize of the guest disk then, in bytes
   */
  record Snapshot(
      String id,
      String name,
      long vmStateSize,
      long dateSeconds,
      int dateNanos,
      long vmClockNanos,
      long instructionCount,
      long diskSize) {
    private static final long NANOS = 1_000_000_000;

    /** As QAPI's {@code SnapshotInfo}. */
    public JsonObject toJson() {
      var json = new JsonObject();
      json.put("id", id);
      json.put("name", name);
      json.put("vm-state-size", vmStateSize);
      json.put("date-sec", dateSeconds);
      json.put("date-nsec", (long) dateNanos);
      json.put("vm-clock-sec", vmClockNanos / NANOS);
      json.put("vm-clock-nsec", vmClockNanos % NANOS);
      if (instructionCount != -1) {
        json.put("icount", instructionCount);
      }
      return json;
    }
  }

  /** All, in the image's order. */
  List<Snapshot> snapshots() throws BlockException;

  /** Keeps the present state; an empty {@code id} of {@code wanted} is replaced by a free one. */
  Snapshot createSnapshot(Snapshot wanted) throws BlockException;

  /** Goes back to the state of that snapshot. */
  void applySnapshot(Snapshot snapshot) throws BlockException;

  /** Gives up that snapshot. */
  void deleteSnapshot(Snapshot snapshot) throws BlockException;

  /** Lets reads see that snapshot until the node is closed; the node has to be read-only. */
  void loadSnapshot(Snapshot snapshot) throws BlockException;
}
