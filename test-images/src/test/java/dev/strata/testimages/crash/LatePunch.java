// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Gives up storage too late: when the cluster may be somebody else's. For {@link Sabotage}. */
public final class LatePunch {
  private record Range(Child file, long offset, long length) {}

  private static final Deque<Range> WAITING = new ArrayDeque<>();

  private LatePunch() {}

  /** Takes a discard. */
  public static void later(Child file, long offset, long length) {
    WAITING.add(new Range(file, offset, length));
  }

  /** Does what was taken. */
  public static void now() throws BlockException {
    for (@Nullable Range next = WAITING.poll(); next != null; next = WAITING.poll()) {
      next.file.discard(next.offset, next.length);
    }
  }
}
