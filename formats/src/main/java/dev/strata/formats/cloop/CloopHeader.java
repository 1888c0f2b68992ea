// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.cloop;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What follows the script. All numbers are big-endian.
 *
 * @param blockSize of what a block holds, in bytes; 512 to 64 MiB
 * @param blocks how many there are
 */
record CloopHeader(int blockSize, int blocks) {
  static final int BYTES = 136;
  static final int SECTOR = 512;
  static final int MAX_BLOCK = 64 << 20;

  private static final int SCRIPT_BYTES = 128;
  private static final byte[] SCRIPT =
      ("#!/bin/sh\n#V2.0 Format\n"
              + "modprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n")
          .getBytes(StandardCharsets.US_ASCII);
  private static final long MAX_BLOCKS = 0xffff_fff7L / 8;
  private static final long MAX_TABLE_BYTES = 512L << 20;

  /** Whether an image begins with these bytes: the usual script; another one does no harm. */
  static boolean isAt(byte[] head) {
    return head.length >= SCRIPT.length
        && Arrays.equals(head, 0, SCRIPT.length, SCRIPT, 0, SCRIPT.length);
  }

  static CloopHeader decode(byte[] image) throws BlockException {
    var in = StructReader.bigEndian(image);
    in.skip("script", SCRIPT_BYTES); //                 0
    long blockSize = in.u32("block_size"); //         128
    long blocks = in.u32("num_blocks"); //            132
    if (blockSize == 0) {
      throw new BlockException(EINVAL, "block_size cannot be zero");
    }
    if (blockSize % SECTOR != 0) {
      throw new BlockException(EINVAL, "block_size " + blockSize + " must be a multiple of 512");
    }
    if (blockSize > MAX_BLOCK) {
      throw new BlockException(EINVAL, "block_size " + blockSize + " must be 64 MB or less");
    }
    if (blocks > MAX_BLOCKS) {
      throw new BlockException(
          EINVAL, "n_blocks " + blocks + " must be " + MAX_BLOCKS + " or less");
    }
    if ((blocks + 1) * 8 > MAX_TABLE_BYTES) {
      throw new BlockException(
          EINVAL, "image requires too many offsets, try increasing block size");
    }
    return new CloopHeader((int) blockSize, (int) blocks);
  }
}
