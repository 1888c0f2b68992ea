// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/**
 * What a user of a node may do, and what it lets others do.
 *
 * @see "QEMU docs, block-core.json, BlockPermission"
 */
public enum Permission {
  /** Reads see one consistent state. */
  CONSISTENT_READ("consistent read"),
  /** Writes change what is read. */
  WRITE("write"),
  /** Writes happen that leave what is read as it was. */
  WRITE_UNCHANGED("write unchanged"),
  /** The node's size changes. */
  RESIZE("resize");

  private final String words;

  Permission(String words) {
    this.words = words;
  }

  /** As messages name it. */
  public String words() {
    return words;
  }
}
