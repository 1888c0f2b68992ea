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
}
