// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

/**
 * What a user did to some blocks, or found there.
 *
 * @param user by number
 * @param first the first of the blocks
 * @param count how many
 * @param values that were written or read, one a block; empty for the others
 * @param snapshot which one it is about, by number; -1 if none
 * @param start when it was asked for
 * @param end when it was done
 * @param failed it was not, or not all of it
 */
record Access(
    int user,
    Kind kind,
    int first,
    int count,
    long[] values,
    int snapshot,
    int start,
    int end,
    boolean failed) {

  /** What it was. */
  enum Kind {
    READ,
    WRITE,
    ZERO,
    /** They read as before, as zeroes, or as the backing file. */
    DISCARD,
    /** The disk ends before them now. */
    CUT,
    /** The disk reaches as far as that again, with zeroes. */
    GROW,
    /** A snapshot keeps what they hold. */
    KEEP,
    /** They hold what the snapshot kept. */
    BRING_BACK,
    /** What was done before it began is safe when it has ended. */
    FLUSH,
    /** The snapshot turned out to hold the values. */
    LOOK
  }

  boolean touches(int block) {
    return block >= first && block < first + count;
  }

  long value(int block) {
    return values[block - first];
  }

  /** For a message about one block. */
  String describe(int block) {
    String number = values.length == 0 ? "" : " " + Long.toHexString(value(block));
    return start
        + "-"
        + end
        + " user "
        + user
        + " "
        + kind
        + number
        + (snapshot < 0 ? "" : " snapshot " + snapshot)
        + (failed ? " failed" : "");
  }
}
