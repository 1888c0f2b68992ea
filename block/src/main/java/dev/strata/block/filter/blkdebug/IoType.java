// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import org.jspecify.annotations.Nullable;

/**
 * Kinds of requests that errors can be injected into.
 *
 * @see "QEMU qapi/block-core.json, BlkdebugIOType"
 */
enum IoType {
  READ("read"),
  WRITE("write"),
  WRITE_ZEROES("write-zeroes"),
  DISCARD("discard"),
  FLUSH("flush"),
  BLOCK_STATUS("block-status");

  private final String word;

  IoType(String word) {
    this.word = word;
  }

  static @Nullable IoType of(String word) {
    for (IoType type : values()) {
      if (type.word.equals(word)) {
        return type;
      }
    }
    return null;
  }
}
