// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a guest disk, as much of it as a test looks at, reads as: a digest for each piece. */
public final class Content {
  /** Guest bytes that are looked at; images under test are smaller unless damaged. */
  static final long BOUND = 2 << 20;

  private static final int PIECES = 128;

  /** Of a disk that cannot be read. */
  static final Content NONE = new Content(0, 0);

  private final int pieceBytes;
  private final @Nullable Integer[] digests; // null where reading fails

  private Content(int pieceBytes, int pieces) {
    this.pieceBytes = pieceBytes;
    this.digests = new Integer[pieces];
  }

  static int pieceBytes(long length) {
    return Math.clamp(Math.min(length, BOUND) / PIECES, 512, (int) BOUND) & -512;
  }

  /** Reads piece after piece. */
  static Content of(BlockBackend disk, Steps steps) {
    long length = Math.min(disk.length(), BOUND);
    int pieceBytes = pieceBytes(disk.length());
    var content = new Content(pieceBytes, (int) (length / pieceBytes));
    byte[] bytes = new byte[pieceBytes];
    for (int i = 0; i < content.digests.length; i++) {
      long offset = (long) i * pieceBytes;
      if (steps.attempt(
          "read at " + offset,
          () -> {
            Arrays.fill(bytes, (byte) 0x5a);
            disk.read(offset, IoVector.of(bytes), 0);
          })) {
        content.digests[i] = Arrays.hashCode(bytes);
      }
    }
    return content;
  }

  /** Reads a few other ranges: all at once, the end, across pieces. */
  static void readElsewhere(BlockBackend disk, Steps steps) {
    long length = disk.length();
    steps.attempt("read all", () -> read(disk, 0, Math.min(length, BOUND)));
    steps.attempt("read the end", () -> read(disk, Math.max(0, length - 4096), length));
    steps.attempt(
        "read the middle", () -> read(disk, length / 2, Math.min(length, length / 2 + 9)));
  }

  private static void read(BlockBackend disk, long from, long to) throws BlockException {
    disk.read(from, IoVector.of(new byte[(int) (to - from)]), 0);
  }

  /**
   * Where this is read, {@code later} has to be the same, but where that does not matter.
   *
   * @param matters answers whether a range has to stay
   */
  void requireKept(Content later, String after, Range matters) {
    if (later.pieceBytes != pieceBytes) {
      return; // another size
    }
    for (int i = 0; i < Math.min(digests.length, later.digests.length); i++) {
      long offset = (long) i * pieceBytes;
      if (digests[i] != null
          && !digests[i].equals(later.digests[i])
          && matters.contains(offset, pieceBytes)) {
        throw new Violation(
            "guest bytes at "
                + offset
                + (later.digests[i] == null ? " can no longer be read" : " have changed")
                + " after "
                + after,
            null);
      }
    }
  }

  /** A set of guest bytes. */
  @FunctionalInterface
  public interface Range {
    boolean contains(long offset, long length);
  }
}
