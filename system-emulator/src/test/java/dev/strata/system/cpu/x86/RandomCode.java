// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/** Instructions on registers, and on memory that registers point to, by chance. */
class RandomCode {
  static final int BX = 3;
  static final int SI = 6;
  static final int DI = 7;

  final Random random;
  final boolean wide;
  final ByteArrayOutputStream code = new ByteArrayOutputStream();

  // What a VEX prefix has beside the registers, while an instruction is to have one.
  private int vexMap;
  private int vexRest;

  RandomCode(Random random, boolean wide) {
    this.random = random;
    this.wide = wide;
  }

  final void put(int... bytes) {
    for (int b : bytes) {
      code.write(b);
    }
  }

  final void put32(int value) {
    put(value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24 & 0xff);
  }

  static int word(int size) {
    return size == 0 ? 0 : 1;
  }

  final int size(int least) {
    return Math.max(least, random.nextInt(wide ? 4 : 3));
  }

  /** A register for values: not the stack pointer, seldom one that points. */
  final int register() {
    if (wide && random.nextInt(3) == 0) {
      return 8 + random.nextInt(8);
    }
    int r = random.nextInt(6);
    return r < 4 ? r == BX ? 0 : r : 5;
  }

  private void prefixes(int size, int reg, int index, int rm) {
    if (vexMap != 0) {
      put(0xc4, (reg >> 3 ^ 1) << 7 | (index >> 3 ^ 1) << 6 | (rm >> 3 ^ 1) << 5 | vexMap);
      put((size == 3 ? 0x80 : 0) | vexRest);
      return;
    }
    if (size == 1) {
      put(0x66);
    }
    if (wide && (size == 3 || reg >= 8 || index >= 8 || rm >= 8 || random.nextInt(4) == 0)) {
      put(0x40 | (size == 3 ? 8 : 0) | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3);
    }
  }

  final void operation(int size, int[] opcode, int reg, int prefix) {
    operation(size, opcode, reg, prefix, random.nextInt(2) == 0);
  }

  final void operation(int size, int[] opcode, int reg, int prefix, boolean memory) {
    if (prefix != 0) {
      put(prefix);
    }
    if (!memory) {
      int rm = register();
      prefixes(size, reg, 0, rm);
      put(opcode);
      put(0xc0 | (reg & 7) << 3 | (rm & 7));
      return;
    }
    int base = new int[] {BX, SI, DI}[random.nextInt(3)];
    switch (random.nextInt(5)) {
      case 0 -> {
        int index = 1;
        put(0x66);
        put(0x83, 0xe1, random.nextInt(128)); // and cx, ..: 16 bits
        put(0x0f, 0xb7, 0xc9); // movzx ecx, cx
        prefixes(size, reg, index, base);
        put(opcode);
        put(0x44 | (reg & 7) << 3, random.nextInt(4) << 6 | index << 3 | base, random.nextInt(256));
      }
      case 1 -> {
        prefixes(size, reg, 0, base);
        put(opcode);
        put(0x80 | (reg & 7) << 3 | base);
        put32(random.nextInt(0x2000) - 0x800);
      }
      case 2 -> {
        prefixes(size, reg, 0, 0);
        put(opcode);
        put(0x04 | (reg & 7) << 3, 0x25);
        put32(ProgramMachine.DATA + random.nextInt(0xff8));
      }
      default -> {
        prefixes(size, reg, 0, base);
        put(opcode);
        put(0x40 | (reg & 7) << 3 | base, random.nextInt(256));
      }
    }
  }

  /** What came later: ADX, CRC32, MOVBE, BMI1, BMI2, and vectors that set flags. */
  final void extension() {
    int size = size(2);
    int reg = register();
    switch (random.nextInt(7)) {
      case 0 -> {
        int prefix = random.nextBoolean() ? 0x66 : 0xf3;
        operation(size, new int[] {0x0f, 0x38, 0xf6}, reg, prefix);
      }
      case 1 -> {
        int ofSize = size(0);
        operation(ofSize, new int[] {0x0f, 0x38, 0xf0 | word(ofSize)}, reg, 0xf2);
      }
      case 2 -> {
        int opcode = 0xf0 | random.nextInt(2);
        operation(size(1), new int[] {0x0f, 0x38, opcode}, reg, 0, true);
      }
      case 3 -> operation(size(1), new int[] {0x0f, 0xbc | random.nextInt(2)}, reg, 0xf3);
      case 4 -> {
        // MOVD, PINSRD, PTEST
        put(0x66, 0x0f, 0x6e, 0xc0 | (reg & 3));
        operation(size, new int[] {0x0f, 0x3a, 0x22}, random.nextInt(2), 0x66);
        put(random.nextInt(4));
        put(0x66, 0x0f, 0x38, 0x17, 0xc1);
      }
      case 5 -> {
        put(0x66, 0x0f, 0x3a, random.nextBoolean() ? 0x63 : 0x61, 0xc0 | random.nextInt(16));
        put(random.nextInt(128));
        put(0x66, 0x0f, 0x3a, 0x16, 0xc8, random.nextInt(4));
      }
      default -> manipulation(size, reg);
    }
  }

  /** BMI1 and BMI2. */
  private void manipulation(int size, int reg) {
    switch (random.nextInt(9)) {
      case 0 -> vex(size, 0, 2, 0xf2, reg);
      case 1 -> vex(size, 0, 2, 0xf3, 1 + random.nextInt(3));
      case 2 -> vex(size, 0, 2, 0xf7, reg);
      case 3 -> vex(size, 0, 2, 0xf5, reg);
      case 4 -> vex(size, 2 + random.nextInt(2), 2, 0xf5, reg);
      case 5 -> vex(size, 3, 2, 0xf6, reg);
      case 6, 7 -> vex(size, 1 + random.nextInt(3), 2, 0xf7, reg);
      default -> {
        vex(size, 3, 3, 0xf0, reg);
        put(random.nextInt(64));
      }
    }
  }

  private void vex(int size, int implied, int map, int opcode, int reg) {
    vexMap = map;
    vexRest = (~register() & 15) << 3 | implied;
    operation(size, new int[] {opcode}, reg, 0);
    vexMap = 0;
  }
}
