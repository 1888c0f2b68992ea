// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import java.io.IOException;
import java.io.InputStream;

/**
 * A compressed file that tells neither how long its content is nor where to begin but at its start.
 * It is unpacked once to be measured.
 */
final class ForwardFile extends ForwardReading {
  /** What a file may hold, however small it is. */
  private static final long MAX_CONTENT = 64L << 30;

  /** Of a larger one, so many times its size: disks that are mostly zeroes get that small. */
  private static final long MAX_RATIO = 4096;

  /**
   * The zeroes that a stream may end with itself: a checksum, and bits that fill up a byte. A file
   * is as long as whole sectors, so that up to 511 more follow.
   */
  private static final int MAX_OWN_ZEROES = 8;

  static final int SECTOR = 512;

  /** Unpacks a stream. */
  interface Unpacking {
    InputStream open(InputStream packed) throws IOException;
  }

  private final Child file;
  private final Unpacking unpacking;
  private final long packedLength;

  private ForwardFile(Child file, Unpacking unpacking, long packedLength, long length) {
    super(length);
    this.file = file;
    this.unpacking = unpacking;
    this.packedLength = packedLength;
  }

  /** Measures what a file holds. */
  static ForwardFile of(Child file, Unpacking unpacking) throws IOException {
    long end = file.length();
    long packed = withoutZeroes(file, end);
    IOException first = null;
    for (int i = 0; ; i++, packed++) {
      try {
        return new ForwardFile(file, unpacking, packed, measure(file, unpacking, packed));
      } catch (BlockException e) {
        throw e;
      } catch (IOException e) {
        first = first == null ? e : first;
        if (i == MAX_OWN_ZEROES || packed == end) {
          throw first;
        }
      }
    }
  }

  @Override
  InputStream open(long place) throws IOException {
    return unpacking.open(new ChildInput(file, packedLength));
  }

  /** Where a file ends but for the zeroes that fill its last sector. */
  static long withoutZeroes(Child file, long end) throws IOException {
    byte[] tail = new byte[(int) Math.min(SECTOR, end)];
    file.read(end - tail.length, tail, 0);
    int zeroes = 0;
    while (zeroes < tail.length && tail[tail.length - 1 - zeroes] == 0) {
      zeroes++;
    }
    return end - zeroes;
  }

  private static long measure(Child file, Unpacking unpacking, long packed) throws IOException {
    byte[] piece = new byte[64 << 10];
    long sum = 0;
    try (InputStream whole = unpacking.open(new ChildInput(file, packed))) {
      for (int count = whole.read(piece); count >= 0; count = whole.read(piece)) {
        sum += count;
        if (sum > MAX_CONTENT && sum / MAX_RATIO > packed) {
          throw new BlockException(
              Errno.EFBIG, "The file holds " + MAX_RATIO + " times its size: it is not unpacked");
        }
      }
    } catch (RuntimeException e) {
      // Some damage the libraries find only by their own arrays' ends.
      throw new IOException("malformed", e);
    }
    return sum;
  }
}
