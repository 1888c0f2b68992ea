// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import org.jspecify.annotations.Nullable;

/** The registers by the names that a monitor has for them. */
final class RegisterNames {
  private static final String[] GENERAL = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};

  private RegisterNames() {}

  /** A register, all of it also by the names of its lower half; null if there is none. */
  static @Nullable Long value(X86 cpu, String name) {
    switch (name) {
      case "pc" -> {
        return cpu.r[Slots.PC] + cpu.base[X86.CS];
      }
      case "eip", "rip" -> {
        return cpu.r[Slots.PC];
      }
      case "eflags", "rflags" -> {
        return cpu.flags();
      }
      case "sp" -> {
        return cpu.r[Slots.RSP];
      }
      case "fp" -> {
        return cpu.r[5];
      }
      default -> {
        return general(cpu, name);
      }
    }
  }

  private static @Nullable Long general(X86 cpu, String name) {
    for (int number = 0; number < GENERAL.length; number++) {
      if (name.equals("e" + GENERAL[number]) || name.equals("r" + GENERAL[number])) {
        return cpu.r[number];
      }
    }
    for (int number = 8; number < 16; number++) {
      if (name.equals("r" + number)) {
        return cpu.r[number];
      }
    }
    for (int number = 0; number < SEGMENTS.length; number++) {
      if (name.equals(SEGMENTS[number])) {
        return (long) cpu.selector[number];
      }
      if (name.equals(SEGMENTS[number] + ".base")) {
        return cpu.base[number];
      }
      if (name.equals(SEGMENTS[number] + ".limit")) {
        return cpu.limit[number];
      }
    }
    return null;
  }
}
