// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.ir;

import org.jspecify.annotations.Nullable;

/** Some guest instructions in a row, decoded. */
public final class Block {
  /** Packed operations, the last of which leaves. */
  public final long[] code;

  /** Of each operation, where its instruction starts, in bytes from the block's pc. */
  public final short[] offsets;

  /** What CONSTANT takes. */
  public final long[] constants;

  /** How many guest instructions. */
  public final int instructions;

  /** Bytes of guest code. */
  public final int length;

  /** The decoder's mode this is valid in. */
  public final int mode;

  /** Physical address of the first byte. */
  public long physical;

  /** Physical address of the page of the last byte if that is another page, else -1. */
  public long secondPage = -1;

  /** Whether the guest has not changed the code since. */
  public boolean valid = true;

  /** How often the interpreter has begun this, until a translation takes over. */
  public int executions;

  private long mostlyTo; // where the jump at its end led, most of the time
  private int agreement; // grows if it leads there, and falls faster if it does not
  private static final int MOST_AGREEMENT = 1000;
  private static final int DISAGREEMENT = 8;

  /** Whether a translation that has it inside is being made. */
  public boolean awaited;

  /** What runs instead, if there is something. */
  public @Nullable Translation translation;

  /** The next in the list of its page. */
  public @Nullable Block next;

  Block(long[] code, short[] offsets, long[] constants, int instructions, int length, int mode) {
    this.code = code;
    this.offsets = offsets;
    this.constants = constants;
    this.instructions = instructions;
    this.length = length;
    this.mode = mode;
  }

  /** The jump at its end, whose target is not in the code, has led to a pc. */
  public void jumped(long to) {
    if (to == mostlyTo) {
      if (agreement < MOST_AGREEMENT) {
        agreement++;
      }
    } else if (agreement > 0) {
      agreement = Math.max(agreement - DISAGREEMENT, 0);
    } else {
      mostlyTo = to;
    }
  }

  /** Whether that jump leads to one pc in nine of ten times. */
  public boolean jumpsMostlyToOne() {
    return agreement >= Math.min(executions / 4, MOST_AGREEMENT / 4);
  }

  /** That pc. */
  public long mostlyJumpsTo() {
    return mostlyTo;
  }
}
