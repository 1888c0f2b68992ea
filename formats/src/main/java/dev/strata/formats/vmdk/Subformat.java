// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import org.jspecify.annotations.Nullable;

/**
 * The kinds of disk that can be created.
 *
 * @see "VMware Virtual Disk Format 5.0, The Descriptor File, createType"
 */
enum Subformat {
  MONOLITHIC_SPARSE("monolithicSparse"),
  MONOLITHIC_FLAT("monolithicFlat"),
  TWO_GB_SPARSE("twoGbMaxExtentSparse"),
  TWO_GB_FLAT("twoGbMaxExtentFlat"),
  STREAM_OPTIMIZED("streamOptimized");

  private final String word;

  Subformat(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  static String[] words() {
    Subformat[] all = values();
    String[] words = new String[all.length];
    for (int i = 0; i < all.length; i++) {
      words[i] = all[i].word;
    }
    return words;
  }

  static @Nullable Subformat named(String word) {
    for (Subformat one : values()) {
      if (one.word.equals(word)) {
        return one;
      }
    }
    return null;
  }

  boolean isFlat() {
    return this == MONOLITHIC_FLAT || this == TWO_GB_FLAT;
  }

  /** Whether extents have 2 GiB at most. */
  boolean isSplit() {
    return this == TWO_GB_SPARSE || this == TWO_GB_FLAT;
  }

  boolean isCompressed() {
    return this == STREAM_OPTIMIZED;
  }

  /** Whether the descriptor has a file of its own. */
  boolean isDescribed() {
    return this != MONOLITHIC_SPARSE && this != STREAM_OPTIMIZED;
  }

  /**
   * The name of an extent's file, made from the disk's.
   *
   * @param number from 1 on
   */
  String extentName(String name, int number) {
    int dot = name.lastIndexOf('.');
    String prefix = dot < 0 ? name : name.substring(0, dot);
    String postfix = dot < 0 ? "" : name.substring(dot);
    if (!isSplit()) {
      return prefix + "-flat" + postfix;
    }
    String digits = number < 1000 ? Integer.toString(1000 + number).substring(1) : "" + number;
    return prefix + (isFlat() ? "-f" : "-s") + digits + postfix;
  }
}
