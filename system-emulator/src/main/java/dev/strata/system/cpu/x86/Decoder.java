// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.BlockBuilder;

/** Makes a block's operations from the guest's code, instruction by instruction. */
final class Decoder {
  private static final int MOST_INSTRUCTIONS = 64;

  private final Operands in;
  private final OneByteMap instructions;

  Decoder(Interpreter core, Features features) {
    in = new Operands(core, features);
    instructions = new OneByteMap(in);
  }

  /** The block that begins at a linear address. */
  Block decode(long linear, int mode) {
    in.block(linear, mode);
    int count = 0;
    int room = 4096 - (int) (linear & 4095);
    while (!in.ends) {
      int first = in.at;
      int operations = in.out.count();
      in.out.instruction(first);
      try {
        instructions.instruction(in.opcode());
      } catch (GuestFault f) {
        if (first == 0) {
          throw f;
        }
        // The fault is the next block's, if it gets that far.
        in.out.truncate(operations);
        in.at = first;
        in.jump(0);
        break;
      }
      count++;
      if (!in.ends
          && ((mode & Interpreter.ALONE) != 0
              || count == MOST_INSTRUCTIONS
              || in.out.count() > BlockBuilder.MOST - 128
              || in.at > room - InstructionBytes.MOST_BYTES)) {
        in.jump(0);
      }
    }
    return in.out.build(in.at, mode);
  }
}
