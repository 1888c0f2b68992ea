// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

/** The x87's opcodes (Intel SDM, volume 2, appendix A, tables ). */
final class X87Map {
  private final Operands in;

  X87Map(Operands in) {
    this.in = in;
  }

  void instruction(int opcode) {
    in.modrm();
    int address = ZERO;
    int low = opcode & 7;
    if (!(in.isRegister() ? register(low) : memory(low))) {
      in.undefined();
      return;
    }
    if (!in.isRegister()) {
      int which = in.modrm >> 3 & 7;
      address = in.linear(size(low, which), writes(low, which));
    }
    in.call(
        Calls.X87, SINK, address, in.ownPc(), low << 8 | in.modrm | (in.size == 1 ? 1 << 12 : 0));
  }

  private boolean memory(int low) {
    int which = in.modrm >> 3 & 7;
    return switch (low) {
      case 1 -> which != 1;
      case 3 -> which != 4 && which != 6;
      case 5 -> which != 5;
      default -> true;
    };
  }

  private boolean register(int low) {
    int which = in.modrm >> 3 & 7;
    int i = in.modrm & 7;
    return switch (low) {
      case 1 ->
          (which != 2 && which != 4 && which != 5)
              || (which == 2 && i == 0)
              || (which == 4 && (i < 2 || i == 4 || i == 5))
              || (which == 5 && i < 7);
      case 2 -> which < 4 ? in.has(Feature.CMOV) : which == 5 && i == 1;
      case 3 -> which == 4 ? i < 5 : which != 7 && in.has(Feature.CMOV);
      case 5 -> which < 6;
      case 6 -> which != 3 || i == 1;
      case 7 -> which < 4 || (which == 4 ? i == 0 : which != 7 && in.has(Feature.CMOV));
      default -> true;
    };
  }

  private static int size(int low, int which) {
    return switch (low) {
      case 0, 2 -> 2;
      case 1 -> which < 4 ? 2 : (which & 1) == 0 ? 3 : 1;
      case 3 -> which < 4 ? 2 : 3;
      case 4 -> 3;
      case 5 -> which == 7 ? 1 : which < 4 ? 3 : 6;
      case 6 -> 1;
      default -> which < 4 ? 1 : 3;
    };
  }

  private static boolean writes(int low, int which) {
    return (low & 1) != 0 && which != 0 && which != 4 && which != 5 && (low != 1 || which != 1);
  }
}
