// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A program made by chance: stretches of instructions that branch to each other, forwards and
 * backwards, call functions, fault, and change their own code. It ends: each branch backwards
 * counts.
 */
final class RandomProgram extends RandomCode {
  /** Where it may be placed at most. */
  static final int LONGEST = 0x1800;

  private final List<int[]> branches = new ArrayList<>(); // where, to which stretch
  private final List<Integer> starts = new ArrayList<>();
  private final List<int[]> patches = new ArrayList<>(); // where an address of code is, what code
  private int stretches;
  private int functions;

  /** Whether it writes to its code. */
  boolean changesItself;

  private RandomProgram(Random random, boolean wide) {
    super(random, wide);
  }

  /** What {@link #LONGEST} bound, for linear address {@code at}. */
  byte[] bytes(long at) {
    byte[] bytes = code.toByteArray();
    for (int[] branch : branches) {
      int from = branch[0];
      put32(bytes, from, starts.get(branch[1]) - (from + 4));
    }
    for (int[] patch : patches) {
      put32(bytes, patch[0], (int) at + patch[1]);
    }
    return bytes;
  }

  private static void put32(byte[] bytes, int at, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = (byte) (value >>> (8 * i));
    }
  }

  /** Makes one, of 64-bit or 32-bit code. */
  static RandomProgram make(Random random, boolean wide) {
    while (true) {
      var program = new RandomProgram(random, wide);
      program.write();
      if (program.code.size() <= LONGEST) {
        return program;
      }
    }
  }

  private void write() {
    stretches = 2 + random.nextInt(8);
    functions = random.nextInt(3);
    for (int i = 0; i < stretches; i++) {
      starts.add(code.size());
      body(1 + random.nextInt(6));
      end(i);
    }
    starts.add(code.size());
    put(0xf4); // HLT
    for (int i = 0; i < functions; i++) {
      starts.add(code.size());
      body(1 + random.nextInt(5));
      if (i + 1 < functions && random.nextBoolean()) {
        put(0xe8);
        branch(stretches + 2 + i);
      }
      if (random.nextInt(3) == 0) {
        // A way out in the middle.
        put(0x70 | random.nextInt(16), 1, 0xc3);
        body(1);
      }
      put(0xc3);
    }
  }

  private void branch(int to) {
    branches.add(new int[] {code.size(), to});
    put(0, 0, 0, 0);
  }

  /** The number of branches backwards goes down; at the end it goes to the end. */
  private void count() {
    put(0xff, 0x0c, 0x25);
    put32(ProgramMachine.COUNTER);
    put(0x0f, 0x88);
    branch(stretches);
  }

  private void end(int stretch) {
    switch (random.nextInt(7)) {
      case 0, 1, 2 -> {
        int to = random.nextInt(stretch + 1);
        count();
        body(random.nextInt(2));
        compare();
        put(0x0f, 0x80 | random.nextInt(16));
        branch(to);
      }
      case 3 -> {
        put(0x0f, 0x80 | random.nextInt(16));
        branch(stretch + 1 + random.nextInt(stretches - stretch));
      }
      case 4 -> {
        if (functions > 0) {
          put(0xe8);
          branch(stretches + 1 + random.nextInt(functions));
        }
      }
      case 5 -> {
        // LOOP, JRCXZ over a jump: short, so to here only.
        count();
        put(0xe0 | random.nextInt(4), 5, 0xe9);
        branch(random.nextInt(stretch + 1));
      }
      default -> {
        put(0xe9);
        branch(stretch + 1 + random.nextInt(stretches - stretch));
      }
    }
  }

  private void compare() {
    if (random.nextBoolean()) {
      int size = random.nextInt(4);
      simple(size, new int[] {0x38 | random.nextInt(2) << 1 | word(size)});
    }
  }

  private void simple(int size, int[] opcode) {
    operation(Math.min(size, wide ? 3 : 2), opcode, register(), 0);
  }

  private void immediate(int size) {
    for (int i = 0; i < Math.min(4, 1 << size); i++) {
      put(random.nextInt(4) == 0 ? 0xff : random.nextInt(256));
    }
  }

  private void body(int length) {
    for (int i = 0; i < length; i++) {
      one();
    }
  }

  private void pointer() {
    int at = ProgramMachine.DATA;
    int page = random.nextInt(20);
    int offset =
        random.nextInt(8) == 0 ? 0xff0 + random.nextInt(16) : 0x100 + random.nextInt(0xd00);
    put(0xb8 | new int[] {BX, SI, DI}[random.nextInt(3)]);
    put32(at + (page > 3 ? 0 : page << 12) + offset);
  }

  private void one() {
    int size = size(0);
    int w = word(size);
    int reg = register();
    switch (random.nextInt(38)) {
      case 0, 1, 2, 3 ->
          operation(size, new int[] {random.nextInt(8) << 3 | random.nextInt(2) << 1 | w}, reg, 0);
      case 4, 5 -> {
        operation(size, new int[] {0x80 | w}, random.nextInt(8), 0);
        immediate(size);
      }
      case 6, 7 -> {
        operation(size, new int[] {0xc0 | w}, random.nextInt(8), 0);
        put(random.nextInt(random.nextBoolean() ? 3 : 64));
      }
      case 8 -> operation(size, new int[] {0xd2 | w}, random.nextInt(8), 0);
      case 9, 10 -> operation(size, new int[] {0xfe | w}, random.nextInt(2), 0);
      case 11, 12, 13 -> operation(size, new int[] {0x88 | random.nextInt(2) << 1 | w}, reg, 0);
      case 14 ->
          operation(
              size(1), new int[] {0x0f, 0xb6 | random.nextInt(2) | random.nextInt(2) << 3}, reg, 0);
      case 15 -> operation(size(1), new int[] {0x0f, 0x40 | random.nextInt(16)}, reg, 0);
      case 16 -> operation(0, new int[] {0x0f, 0x90 | random.nextInt(16)}, 0, 0);
      case 17 -> {
        put(0x50 | (register() & 7));
        body(random.nextInt(2));
        put(0x58 | (register() & 7));
      }
      case 18 -> operation(size, new int[] {0xf6 | w}, 2 + random.nextInt(4), 0);
      case 19 -> {
        int group = random.nextInt(2);
        operation(size, new int[] {0x0f, group == 0 ? 0xb0 | w : 0xc0 | w}, reg, 0);
      }
      case 20 -> {
        operation(size(1), new int[] {0x0f, 0xba}, 4 + random.nextInt(4), 0);
        put(random.nextInt(64));
      }
      case 21 -> operation(size(1), new int[] {0x0f, random.nextInt(2) | 0xbc}, reg, 0);
      case 22 -> operation(size(2), new int[] {0x8d}, reg, 0, true);
      case 23, 24 -> pointer();
      case 25 -> string();
      case 26 -> put(new int[] {0xf5, 0xf8, 0xf9, 0x9e, 0x9f}[random.nextInt(5)]);
      case 27 -> {
        operation(size, new int[] {0x86 | w}, reg, 0);
        operation(size(1), new int[] {0x0f, 0xaf}, reg, 0);
      }
      case 28 -> change();
      case 29, 30, 31 -> extension();
      case 32, 33, 34, 35, 36 -> vectors();
      default -> {
        put(0x9c, 0x58 | (register() & 7)); // PUSHF, POP
        if (random.nextInt(3) == 0) {
          // DIV by what is seldom 0.
          operation(size, new int[] {0xf6 | w}, 6 + random.nextInt(2), 0);
        }
      }
    }
  }

  private void vectors() {
    for (int i = random.nextInt(3); i >= 0; i--) {
      vector();
    }
  }

  private void string() {
    int size = random.nextInt(3);
    put(0xb9);
    put32(random.nextInt(20));
    if (random.nextBoolean()) {
      put(random.nextBoolean() ? 0xf3 : 0xf2);
    }
    if (size == 1) {
      put(0x66);
    }
    put(new int[] {0xa4, 0xa6, 0xaa, 0xac, 0xae}[random.nextInt(5)] | word(size));
  }

  /** An instruction with an immediate that is written to, before or after. */
  private void change() {
    if (random.nextInt(3) != 0) {
      return;
    }
    changesItself = true;
    int r = register() & 7;
    boolean before = random.nextBoolean();
    if (before) {
      put(0xb8 | r);
      patchedStore(code.size());
      return;
    }
    // mov byte [code], cl; mov r, imm32: the store is 7 bytes long in both modes.
    int immediateAt = code.size() + 8;
    put(0x88, 0x0c, 0x25);
    patches.add(new int[] {code.size(), immediateAt});
    put32(0);
    put(0xb8 | r);
    put32(random.nextInt());
  }

  private void patchedStore(int immediateAt) {
    put32(random.nextInt());
    body(random.nextInt(2));
    put(0x88, 0x0c, 0x25);
    patches.add(new int[] {code.size(), immediateAt + random.nextInt(4)});
    put32(0);
  }
}
