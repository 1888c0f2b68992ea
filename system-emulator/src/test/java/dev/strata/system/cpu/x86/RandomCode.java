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

  private static final int[] WHOLE = {
    0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6f, 0x74,
    0x75, 0x76, 0xd1, 0xd4, 0xd5, 0xd8, 0xda, 0xdb, 0xde, 0xdf, 0xe0, 0xe1, 0xea, 0xeb, 0xee, 0xef,
    0xf2, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9, 0xfb, 0xfc, 0xfd, 0xfe, 0x14, 0x15, 0x28, 0x29, 0x54, 0x58
  };

  private int vectorRegister() {
    return random.nextInt(wide ? 16 : 8) & (random.nextBoolean() ? 3 : -1);
  }

  private void vector(int prefix, int opcode, int reg, boolean memory) {
    operation(random.nextBoolean() ? size(2) : 2, new int[] {0x0f, opcode}, reg, prefix, memory);
  }

  /** SSE: what takes operands that are not aligned more often than by chance. */
  final void vector() {
    int reg = vectorRegister();
    boolean memory = random.nextBoolean();
    switch (random.nextInt(12)) {
      case 0, 1 -> vector(0xf3, random.nextBoolean() ? 0x6f : 0x7f, reg, memory);
      case 2 -> vector(0x66 * random.nextInt(2), 0x10 | random.nextInt(2), reg, memory);
      case 3 -> vector(0xf2 | random.nextInt(2), 0x10 | random.nextInt(2), reg, memory);
      case 4 -> vector(0x66, random.nextBoolean() ? 0x6e : 0x7e, reg, memory);
      case 5 -> {
        boolean store = random.nextBoolean();
        vector(store ? 0x66 : 0xf3, store ? 0xd6 : 0x7e, reg, memory);
      }
      case 6 -> vector(0x66 * random.nextInt(2), 0x12 | (random.nextInt(6) & 5), reg, true);
      case 7 -> {
        int opcode = new int[] {0x51, 0x58, 0x59, 0x5c, 0x5e, 0x5a}[random.nextInt(6)];
        vector(0xf2 | random.nextInt(2), opcode, reg, memory);
      }
      case 8 -> {
        int opcode = new int[] {0x2a, 0x2c, 0x2d}[random.nextInt(3)];
        vector(0xf2 | random.nextInt(2), opcode, opcode == 0x2a ? reg : register(), memory);
      }
      case 9 -> vector(0x66 * random.nextInt(2), 0x2e | random.nextInt(2), reg, memory);
      case 10 -> {
        vector(0x66, 0xd7, register(), false);
        vector(0x66, 0x70, reg, false);
        put(random.nextInt(256));
        vector(0x66, 0x73, 2 + random.nextInt(2) + 4 * random.nextInt(2), false);
        put(random.nextInt(random.nextBoolean() ? 70 : 18));
      }
      default -> {
        int opcode = WHOLE[random.nextInt(WHOLE.length)];
        vector(0x66, opcode, reg, random.nextInt(40) == 0);
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
