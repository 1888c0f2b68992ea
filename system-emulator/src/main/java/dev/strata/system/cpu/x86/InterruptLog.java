// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.RegisterText.hex;

import dev.strata.system.log.EventLog;
import dev.strata.system.log.LogItem;
import java.util.function.LongUnaryOperator;

/** Logs interrupts and exceptions, in the reference's layout. On the processor's thread. */
final class InterruptLog {
  private final X86 cpu;
  private final LongUnaryOperator look;
  private final EventLog log;
  private int count;

  /**
   * A log.
   *
   * @param look where a virtual address leads to, or -1
   */
  InterruptLog(X86 cpu, LongUnaryOperator look) {
    this.cpu = cpu;
    this.look = look;
    this.log = cpu.surroundings.log();
  }

  private boolean isOff() {
    return !log.has(LogItem.INTERRUPTS);
  }

  /** The interrupt controller's vector is taken. */
  void hardware(int vector) {
    if (!isOff()) {
      log.add("Servicing hardware INT=0x" + hex(vector, 2) + "\n");
    }
  }

  /**
   * An exception is raised.
   *
   * @param during the vector of the exception that was being delivered, if that matters, or -1
   */
  void raised(int during, int vector) {
    if (!isOff()) {
      log.add(
          "check_exception old: 0x"
              + Integer.toHexString(during)
              + " new 0x"
              + Integer.toHexString(vector)
              + "\n");
    }
  }

  /** The processor enters system management mode, or has left it. */
  void management(boolean enters) {
    if (!isOff()) {
      log.add(
          (enters ? "SMM: enter\n" : "SMM: after RSM\n") + RegisterText.of(cpu, cpu.r[Slots.PC]));
    }
  }

  /** The processor gives up, and is going to be reset. */
  void tripleFault() {
    if (log.has(LogItem.CPU_RESET)) {
      log.add("Triple fault\n");
    }
  }

  /**
   * A vector's handler is looked for in the table of gates.
   *
   * @param code the error code, or negative
   */
  void delivered(int vector, int code, boolean software) {
    if (isOff()) {
      return;
    }
    long pc = software ? cpu.r[Slots.NEXT] - length(vector) : cpu.r[Slots.PC];
    String number = Integer.toString(count++);
    log.add(
        " ".repeat(Math.max(0, 6 - number.length()))
            + number
            + ": v="
            + hex(vector, 2)
            + " e="
            + hex(Math.max(code, 0), 4)
            + " i="
            + (software ? 1 : 0)
            + " cpl="
            + cpu.cpl
            + " IP="
            + hex(cpu.selector[X86.CS], 4)
            + ":"
            + hex(pc, 16)
            + " pc="
            + hex(cpu.r[Slots.BASE + X86.CS] + pc, 16)
            + " SP="
            + hex(cpu.selector[X86.SS], 4)
            + ":"
            + hex(cpu.r[Slots.RSP], 16)
            + (vector == X86.PAGE
                ? " CR2=" + hex(cpu.cr2, 16)
                : " env->regs[R_EAX]=" + hex(cpu.r[Slots.RAX], 16))
            + "\n"
            + RegisterText.of(cpu, pc));
  }

  /** Bytes of the instruction that asked for it: INT has its vector behind it, others are alone. */
  private int length(int vector) {
    long last = cpu.r[Slots.NEXT] - 1 + cpu.r[Slots.BASE + X86.CS];
    long physical = look.applyAsLong(cpu.is64() ? last : last & 0xffffffffL);
    long code = cpu.surroundings.memory().read(physical, 1);
    boolean alone =
        (vector == 3 && code == 0xcc)
            || (vector == 4 && code == 0xce)
            || (vector == 1 && code == 0xf1);
    return alone ? 1 : 2;
  }
}
