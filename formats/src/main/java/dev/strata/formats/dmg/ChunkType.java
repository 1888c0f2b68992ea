// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

/** The forms of chunks. */
final class ChunkType {
  static final int ZERO = 0;
  static final int RAW = 1;
  static final int IGNORED = 2; // reads as zeroes, too
  static final int ADC = 0x80000004;
  static final int ZLIB = 0x80000005;
  static final int BZIP2 = 0x80000006;
  static final int LZFSE = 0x80000007;
  static final int COMMENT = 0x7ffffffe;
  static final int TERMINATOR = 0xffffffff;

  private ChunkType() {}

  /** Whether it has no content of its own. */
  static boolean isZero(int type) {
    return type == ZERO || type == IGNORED;
  }
}
