// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

/**
 * What a call of the guest's has to do with the state that a region keeps in local variables.
 *
 * @param reads bits of the slots it reads beside its operands
 * @param writes bits of the slots it writes beside its destination, when it cannot fault any more
 * @param flags whether it reads or writes the flags
 * @param more whether it may do more than this, as to look at the pc, or change translations or the
 *     mode
 */
public record CallEffects(long reads, long writes, boolean flags, boolean more) {
  /** Anything. */
  public static final CallEffects ANY = new CallEffects(-1, -1, true, true);

  /** Computes with its operands, or reaches memory through them. */
  public static final CallEffects NONE = new CallEffects(0, 0, false, false);

  /** Looks at or sets flags. */
  public static final CallEffects FLAGS = new CallEffects(0, 0, true, false);

  /** Knows them by a call's number. */
  @FunctionalInterface
  public interface Source {
    /** What a call does; {@link #ANY} if that is not known. */
    CallEffects of(int number, int extra);
  }
}
