// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.Child;
import org.jspecify.annotations.Nullable;

/** Where a format keeps a run of guest bytes. All lengths are in bytes, at least 1. */
public sealed interface Mapping {
  /** How many guest bytes this answer is about. */
  long length();

  /**
   * The bytes lie as they read.
   *
   * @param offset of the first byte in {@code file}
   * @param writable whether a write may go there; if not, it needs an {@link Allocation}
   */
  record Data(Child file, long offset, long length, boolean writable) implements Mapping {}

  /**
   * This image says: zeroes.
   *
   * @param file where storage is reserved for them, or null
   * @param offset of that storage in {@code file}; -1 if there is none
   */
  record Zero(long length, @Nullable Child file, long offset) implements Mapping {
    /** Zeroes without storage. */
    public Zero(long length) {
      this(length, null, -1);
    }
  }

  /**
   * This image holds nothing there: ask the backing file, or read zeroes without one.
   *
   * @param file where storage is reserved for what may be written, or null
   * @param offset of that storage in {@code file}; -1 if there is none
   */
  record Backing(long length, @Nullable Child file, long offset) implements Mapping {
    /** Without storage. */
    public Backing(long length) {
      this(length, null, -1);
    }
  }

  /**
   * The bytes are stored in another form: compressed or encrypted.
   *
   * @param compressed whether compressed
   */
  record Encoded(long length, boolean compressed) implements Mapping {}
}
