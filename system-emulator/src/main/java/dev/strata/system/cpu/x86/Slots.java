// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.translate.SlotRoles;

/** What the slots hold: 0 to 15 are the general registers in the order of their encoding. */
final class Slots {
  private Slots() {}

  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RBX = 3;
  static final int RSP = 4;
  static final int RBP = 5;
  static final int RSI = 6;
  static final int RDI = 7;
  static final int PC = 16;

  /** Always 0. */
  static final int ZERO = 17;

  /** Bases of ES, CS, SS, DS, FS, GS as code adds them. */
  static final int BASE = 18;

  /** Nobody reads this. */
  static final int SINK = 24;

  /** The pc of the next instruction, for calls that leave. */
  static final int NEXT = 25;

  /** Selectors of ES, CS, SS, DS, FS, GS. */
  static final int SELECTOR = 26;

  /** A third operand of calls. */
  static final int ARGUMENT = 63;

  /** Scratch, valid inside an instruction. */
  static final int T = 32;

  /** What is not kept from one instruction to the next: scratch, and what nobody reads. */
  static final SlotRoles ROLES =
      new SlotRoles(
          PC, ZERO, ~(-1L << (ARGUMENT - T)) << T | 1L << SINK, KnownCalls::of, VectorFunction.ALL);
}
