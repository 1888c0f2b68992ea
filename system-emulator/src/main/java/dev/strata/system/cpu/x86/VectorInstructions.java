// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.interpret.Interpreter;

/** x87 and vector opcodes: decoded to calls that name registers and pass an address. */
abstract class VectorInstructions extends Decoder {
  VectorInstructions(Interpreter core) {
    super(core);
  }

  final void x87(int opcode) {
    modrm();
    int address = ZERO;
    if (!isRegister()) {
      address = linear(0, false);
    }
    call(Calls.X87, SINK, address, ZERO, (opcode & 7) << 8 | modrm);
  }

  final void vector(int opcode) {
    undefined();
  }

  final void vex(int opcode) {
    undefined();
  }

  final void vexAfterModrm(int opcode) {
    undefined();
  }
}
