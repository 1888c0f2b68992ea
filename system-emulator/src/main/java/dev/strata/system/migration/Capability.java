// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import org.jspecify.annotations.Nullable;

/**
 * What a migration can be wanted to do, in the reference's order.
 *
 * @see "QEMU qapi/migration.json, MigrationCapability"
 */
enum Capability {
  XBZRLE("xbzrle", false),
  RDMA_PIN_ALL("rdma-pin-all", false),
  AUTO_CONVERGE("auto-converge", false),
  ZERO_BLOCKS("zero-blocks", false),
  COMPRESS("compress", false),
  EVENTS("events", true),
  POSTCOPY_RAM("postcopy-ram", false),
  X_COLO("x-colo", false),
  RELEASE_RAM("release-ram", false),
  BLOCK("block", false),
  RETURN_PATH("return-path", false),
  PAUSE_BEFORE_SWITCHOVER("pause-before-switchover", true),
  MULTIFD("multifd", false),
  DIRTY_BITMAPS("dirty-bitmaps", true),
  POSTCOPY_BLOCKTIME("postcopy-blocktime", false),
  LATE_BLOCK_ACTIVATE("late-block-activate", true),
  X_IGNORE_SHARED("x-ignore-shared", false),
  VALIDATE_UUID("validate-uuid", false),
  BACKGROUND_SNAPSHOT("background-snapshot", false),
  ZERO_COPY_SEND("zero-copy-send", false),
  POSTCOPY_PREEMPT("postcopy-preempt", false);

  private final String word;
  private final boolean possible;

  Capability(String word, boolean possible) {
    this.word = word;
    this.possible = possible;
  }

  /** The reference's word. */
  String word() {
    return word;
  }

  /** Whether it can be had. */
  boolean isPossible() {
    return possible;
  }

  /** The one of that name, or null. */
  static @Nullable Capability named(String word) {
    for (Capability each : values()) {
      if (each.word.equals(word)) {
        return each;
      }
    }
    return null;
  }
}
