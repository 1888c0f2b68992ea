// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.TranslationMode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random x87 instructions, but for transcendental ones, give what the host's processor gives. */
final class X87TruthTest {
  private static final int SEQUENCES =
      Boolean.getBoolean("strata.long") ? 1_000_000 : Integer.getInteger("strata.sequences", 8000);
  private static final int CONDITIONS = 0x4700;

  private final Random random = new Random();
  private final ByteArrayOutputStream code = new ByteArrayOutputStream();

  private int undefined;

  private void put(int... bytes) {
    for (int b : bytes) {
      code.write(b);
    }
  }

  private void memory(int opcode, int which) {
    put(opcode, 0x47 | which << 3, 16 * random.nextInt(7));
  }

  private void add() {
    int i = random.nextInt(8);
    switch (random.nextInt(13)) {
      case 0, 1 ->
          put(new int[] {0xd8, 0xdc, 0xde}[random.nextInt(3)], 0xc0 | arithmetic() << 3 | i);
      case 2 -> memory(0xd8 | random.nextInt(4) << 1, random.nextInt(8));
      case 3 -> memory(0xd9 | random.nextInt(4) << 1, random.nextInt(4));
      case 4 -> memory(random.nextBoolean() ? 0xdb : 0xdf, random.nextBoolean() ? 5 : 7);
      case 5 -> memory(0xdf, random.nextBoolean() ? 6 : 4);
      case 6 -> put(0xd9, random.nextBoolean() ? 0xc0 | i : 0xc8 | i);
      case 7 -> put(0xdd, new int[] {0xc0, 0xd0, 0xd8, 0xe0, 0xe8}[random.nextInt(5)] | i);
      case 8 ->
          put(0xd9, new int[] {0xe0, 0xe1, 0xe4, 0xe5, 0xfa, 0xfc, 0xf6, 0xf7}[random.nextInt(8)]);
      case 9 -> put(0xd9, 0xe8 + random.nextInt(7));
      case 10 -> {
        put(0xd9, new int[] {0xf4, 0xf5, 0xf8, 0xfd}[random.nextInt(4)]);
        undefined |= 0x200; // So is FSCALE's where it overflows far.
      }
      case 11 -> {
        int c = random.nextInt(4) << 3 | i;
        undefined |= 0x200; // Whether FCMOV clears C1 is not told.
        put(random.nextBoolean() ? 0xda : 0xdb, 0xc0 | c);
      }
      default -> put(random.nextBoolean() ? 0xdb : 0xdf, (random.nextBoolean() ? 0xe8 : 0xf0) | i);
    }
  }

  private int arithmetic() {
    return new int[] {0, 1, 4, 5, 6, 7}[random.nextInt(6)];
  }

  private void one(TruthMachine machine, long seed) throws Exception {
    random.setSeed(seed);
    code.reset();
    undefined = CONDITIONS & ~0x200;
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      add();
    }
    put(0x9b);
    machine.begin(random);
    for (int i = 0; i < 8; i++) {
      FloatingValues.putExtended(random, machine.extended, 32 + 16 * i);
    }
    fill(machine.contents);
    int control = 0x37f;
    if (random.nextInt(2) == 0) {
      control = 0x7f | random.nextInt(4) << 10 | new int[] {0, 2, 3}[random.nextInt(3)] << 8;
    }
    if (random.nextInt(5) == 0) {
      control &= ~random.nextInt(64);
    }
    machine.extended.putShort(0, (short) control);
    machine.extended.putShort(2, (short) (random.nextInt(8) << 11));
    machine.extended.put(
        4, (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(256) | 0x18));
    machine.statusUndefined = undefined;
    assertEquals("", machine.difference(code.toByteArray()), "seed " + seed);
  }

  private void fill(byte[] contents) {
    var to = ByteBuffer.wrap(contents).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0x100; at < 0x180; at += 16) {
      switch (random.nextInt(4)) {
        case 0 -> to.putLong(at, FloatingValues.ofDouble(random));
        case 1 -> to.putInt(at, FloatingValues.ofFloat(random));
        case 2 -> FloatingValues.putExtended(random, to, at);
        default -> {
          for (int i = 0; i < 9; i++) {
            to.put(at + i, (byte) (random.nextInt(10) << 4 | random.nextInt(10)));
          }
          to.put(at + 9, (byte) (random.nextInt(2) << 7));
        }
      }
    }
  }

  @Test
  void randomSequencesGiveWhatTheHostGives(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, null, SEQUENCES, this::one);
    assertTrue(raised[X86.FLOATING_POINT] > 0, "no sequence faulted");
  }

  @Test
  void translatedTheyDoToo(@TempDir Path folder) throws Exception {
    int[] raised = TruthMachine.compare(folder, TranslationMode.AT_ONCE, SEQUENCES / 2, this::one);
    assertTrue(raised[X86.FLOATING_POINT] > 0, "no sequence faulted");
  }
}
