// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;

/**
 * Refuses to write where metadata lie: a last line of defence against images whose tables point
 * into one another.
 *
 * @see "QEMU qapi/block-core.json, Qcow2OverlapCheckFlags"
 */
final class OverlapCheck {
  static final int MAIN_HEADER = 1;
  static final int ACTIVE_L1 = 1 << 1;
  static final int ACTIVE_L2 = 1 << 2;
  static final int REFCOUNT_TABLE = 1 << 3;
  static final int REFCOUNT_BLOCK = 1 << 4;
  static final int SNAPSHOT_TABLE = 1 << 5;
  static final int INACTIVE_L1 = 1 << 6;
  static final int INACTIVE_L2 = 1 << 7;
  static final int BITMAP_DIRECTORY = 1 << 8;

  static final int CONSTANT = MAIN_HEADER | REFCOUNT_TABLE | SNAPSHOT_TABLE | BITMAP_DIRECTORY;
  static final int CACHED = CONSTANT | ACTIVE_L1 | ACTIVE_L2 | REFCOUNT_BLOCK | INACTIVE_L1;
  static final int ALL = CACHED | INACTIVE_L2;

  /** The option names of the sections, in the order of their bits. */
  static final String[] NAMES = {
    "main-header",
    "active-l1",
    "active-l2",
    "refcount-table",
    "refcount-block",
    "snapshot-table",
    "inactive-l1",
    "inactive-l2",
    "bitmap-directory"
  };

  private static final String[] WORDS = {
    "qcow2_header",
    "active L1 table",
    "active L2 table",
    "refcount table",
    "refcount block",
    "snapshot table",
    "inactive L1 table",
    "inactive L2 table",
    "bitmap directory"
  };

  /** Where the sections lie that are written seldom and looked up in memory. */
  interface Places {
    /** The sections among {@code wanted} that the range of the file touches. */
    int sectionsAt(int wanted, long offset, long length) throws BlockException;

    /** Metadata would be overwritten: the image is corrupt. */
    BlockException corrupt(String message, long offset, long length);
  }

  private final Places places;
  private int checked;

  OverlapCheck(Places places, int checked) {
    this.places = places;
    this.checked = checked;
  }

  /** Checks those sections from now on. */
  void check(int sections) {
    checked = sections;
  }

  /**
   * Something is about to be written.
   *
   * @param own the section that is written itself, 0 for guest data
   */
  void beforeWrite(int own, long offset, long length) throws BlockException {
    int wanted = checked & ~own;
    if (wanted == 0 || length == 0) {
      return;
    }
    int hit = places.sectionsAt(wanted, offset, length);
    if (hit != 0) {
      int section = Integer.numberOfTrailingZeros(hit);
      throw places.corrupt(
          "Preventing invalid write on metadata (overlaps with " + WORDS[section] + ")",
          offset,
          length);
    }
  }
}
