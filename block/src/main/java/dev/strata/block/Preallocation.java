// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** How much of a new or grown range gets its storage at once, from nothing to everything. */
public enum Preallocation {
  /** Nothing: storage comes with the first write. */
  OFF("off"),
  /** The format's tables; the data stays sparse in the file below. */
  METADATA("metadata"),
  /** Storage is reserved, its content not written. */
  FALLOC("falloc"),
  /** Zeroes are written. */
  FULL("full");

  private final String word;

  Preallocation(String word) {
    this.word = word;
  }

  /** The value of a {@code preallocation} option. */
  public String word() {
    return word;
  }
}
