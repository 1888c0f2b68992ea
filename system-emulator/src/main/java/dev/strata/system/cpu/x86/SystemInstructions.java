// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.SINK;
import static dev.strata.system.cpu.x86.Slots.ZERO;

import dev.strata.system.cpu.ir.Op;
import org.jspecify.annotations.Nullable;

/** Groups of opcodes that reach the system's registers (Intel SDM, volume 2, appendix A.4). */
final class SystemInstructions {
  private final Operands in;

  SystemInstructions(Operands in) {
    this.in = in;
  }

  void group6() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (which > 5) {
      in.undefined();
      return;
    }
    in.call(Calls.PROTECTED_ONLY, SINK, ZERO, ZERO, 0);
    if (which < 2) {
      int t = in.temporary();
      in.call(Calls.SYSTEM_TABLE, t, ZERO, ZERO, which);
      if (in.isRegister()) {
        in.writeRegister(in.size, in.rm, t);
      } else {
        in.storeMemory(1, t);
      }
    } else if (which < 4) {
      in.call(Calls.SYSTEM_TABLE, SINK, in.readRm(1), ZERO, which);
    } else {
      in.call(Calls.SELECTOR_INFO, SINK, in.readRm(1), ZERO, which - 2);
    }
  }

  void group7() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (in.isRegister()) {
      switch (in.modrm) {
        case 0xca, 0xcb -> {
          if (in.has(Feature.SMAP)) {
            in.call(Calls.ALIGN_CHECK_FLAG, SINK, ZERO, ZERO, in.modrm & 1);
          } else {
            in.undefined();
          }
        }
        case 0xd0, 0xd1 -> {
          if (in.has(Feature.XSAVE)) {
            boolean set = in.modrm == 0xd1;
            int number = set ? Calls.SET_EXTENDED_CONTROL : Calls.GET_EXTENDED_CONTROL;
            in.call(number, SINK, ZERO, ZERO, 0);
          } else {
            in.undefined();
          }
        }
        case 0xf8 -> {
          if (in.wide) {
            in.callAndLeave(Calls.SWAP_GS, ZERO, ZERO, 0);
          } else {
            in.undefined();
          }
        }
        case 0xf9 -> {
          if (in.has(Feature.RDTSCP)) {
            in.call(Calls.READ_TSC, SINK, ZERO, ZERO, 1);
          } else {
            in.undefined();
          }
        }
        default -> {
          if (which == 4) {
            int t = in.temporary();
            in.call(Calls.READ_CONTROL, t, ZERO, ZERO, 16);
            in.writeRegister(in.size, in.rm, t);
          } else if (which == 6) {
            in.callAndLeave(Calls.WRITE_CONTROL, in.rm, ZERO, 16);
          } else {
            in.undefined();
          }
        }
      }
      return;
    }
    switch (which) {
      case 0, 1 -> {
        int address = in.linear(3, true);
        int limit = in.temporary();
        int base = in.temporary();
        in.call(Calls.SYSTEM_TABLE, limit, ZERO, ZERO, 4 + which * 2);
        in.call(Calls.SYSTEM_TABLE, base, ZERO, ZERO, 5 + which * 2);
        long wraps = in.wide ? 0 : Op.ADDRESS32;
        in.out.add(Op.pack(Op.STORE, 1, limit, address, ZERO, 0) | wraps);
        in.out.add(Op.pack(Op.STORE, in.wide ? 3 : 2, base, address, ZERO, 2) | wraps);
      }
      case 2, 3 -> {
        int address = in.linear(3, false);
        int limit = in.temporary();
        int base = in.temporary();
        long wraps = in.wide ? 0 : Op.ADDRESS32;
        in.out.add(Op.pack(Op.LOAD, 1, limit, address, ZERO, 0) | wraps);
        in.out.add(Op.pack(Op.LOAD, in.wide ? 3 : 2, base, address, ZERO, 2) | wraps);
        if (in.size == 1 && !in.wide) {
          in.out.add(Op.pack(Op.AND, 3, base, base, 0, 0xffffff) | Op.IMMEDIATE);
        }
        in.call(Calls.SYSTEM_TABLE, SINK, limit, base, 8 + which - 2);
      }
      case 4 -> {
        int t = in.temporary();
        in.call(Calls.READ_CONTROL, t, ZERO, ZERO, 16);
        in.storeMemory(1, t);
      }
      case 6 -> in.callAndLeave(Calls.WRITE_CONTROL, in.readRm(1), ZERO, 16);
      case 7 -> {
        int t = in.linearUnchecked();
        in.callAndLeave(Calls.INVALIDATE_PAGE, t, ZERO, 0);
      }
      default -> in.undefined();
    }
  }

  void control(int opcode) {
    in.modrm();
    boolean debug = (opcode & 1) != 0;
    if ((opcode & 2) == 0) {
      int t = in.temporary();
      in.call(debug ? Calls.READ_DEBUG : Calls.READ_CONTROL, t, ZERO, ZERO, in.reg);
      in.out.add(Op.MOVE, in.wide ? 3 : 2, in.rm, ZERO, t, 0);
    } else {
      in.callAndLeave(debug ? Calls.WRITE_DEBUG : Calls.WRITE_CONTROL, in.rm, ZERO, in.reg);
    }
  }

  void group15() {
    in.modrm();
    int which = in.modrm >> 3 & 7;
    if (in.isRegister()) {
      if (in.prefix == 0xf3 && in.wide && which < 4) {
        int t = in.temporary();
        in.call(Calls.BIT_FIELD, t, in.rm, ZERO, which | in.size << 2);
        if (which < 2) {
          in.out.add(Op.MOVE, in.size, in.rm, ZERO, t, 0);
        }
      } else if (which < 5 || !in.has(which == 7 ? Feature.SSE : Feature.SSE2)) {
        in.undefined();
      }
      return; // LFENCE, MFENCE, SFENCE
    }
    Feature feature = inMemory15(which);
    if (feature == null || !in.has(feature)) {
      in.undefined();
      return;
    }
    switch (which) {
      case 0, 1, 4, 5 -> {
        int address = in.linear(0, (which & 1) == 0);
        in.call(Calls.X87_STATE, SINK, address, ZERO, which | in.size << 4);
      }
      case 2 -> {
        int value = in.loadMemory(2);
        in.call(Calls.X87_STATE, SINK, value, ZERO, 2);
      }
      case 3 -> {
        int t = in.temporary();
        in.call(Calls.X87_STATE, t, ZERO, ZERO, 3);
        in.storeMemory(2, t);
      }
      default -> in.loadMemory(0); // CLWB, CLFLUSH, CLFLUSHOPT
    }
  }

  /** The feature that has what group 15 does to memory. */
  private @Nullable Feature inMemory15(int which) {
    return switch (which) {
      case 0, 1 -> Feature.FXSR;
      case 2, 3 -> Feature.SSE;
      case 4, 5 -> in.operand66 || in.prefix != 0 ? null : Feature.XSAVE;
      case 6 -> in.operand66 ? Feature.CLWB : null;
      case 7 -> in.operand66 ? Feature.CLFLUSHOPT : Feature.CLFLUSH;
      default -> null;
    };
  }
}
