// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

/** The feature bits of a version 3 header. */
final class Feature {
  /** Incompatible: refcounts may be wrong. */
  static final long DIRTY = 1;

  /** Incompatible: metadata may be wrong; not to be written but by a repair. */
  static final long CORRUPT = 1 << 1;

  /** Incompatible: guest data lie in another file. */
  static final long DATA_FILE = 1 << 2;

  /** Incompatible: compressed clusters are not raw deflate. */
  static final long COMPRESSION_TYPE = 1 << 3;

  /** Incompatible: L2 entries of 128 bits with subclusters. */
  static final long EXTENDED_L2 = 1 << 4;

  /** All incompatible bits that are understood. */
  static final long ALL_INCOMPATIBLE = DIRTY | CORRUPT | DATA_FILE | COMPRESSION_TYPE | EXTENDED_L2;

  /** Compatible: the dirty bit may be used so that refcounts need not be written at once. */
  static final long LAZY_REFCOUNTS = 1;

  /** Autoclear: the bitmaps extension is up to date. */
  static final long BITMAPS = 1;

  /** Autoclear: the external data file reads as a raw image. */
  static final long DATA_FILE_RAW = 1 << 1;

  private Feature() {}
}
