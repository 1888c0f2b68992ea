// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.ARGUMENT;
import static dev.strata.system.cpu.x86.Slots.RAX;
import static dev.strata.system.cpu.x86.Slots.RDX;

import dev.strata.system.cpu.translate.CallEffects;

/** What the calls that run often read and write. */
final class KnownCalls {
  private KnownCalls() {}

  private static final long PRODUCT = 1L << RAX | 1L << RDX;
  private static final CallEffects ACCUMULATOR =
      new CallEffects(1L << RAX, 1L << RAX, false, false); // FNSTSW

  private static final CallEffects STRING_LENGTHS = new CallEffects(PRODUCT, 0, true, false);

  static CallEffects of(int number, int extra) {
    return switch (number) {
      case Calls.LINEAR -> CallEffects.NONE;
      case Calls.ROTATE, Calls.CARRY, Calls.LOAD_FLAGS, Calls.STORE_FLAGS, Calls.BIT_COUNT ->
          CallEffects.FLAGS;
      case Calls.BITS -> BitManipulation.setsFlags(extra) ? CallEffects.FLAGS : CallEffects.NONE;
      case Calls.OWN_CARRY, Calls.RANDOM -> CallEffects.FLAGS;
      case Calls.CRC32, Calls.MISALIGNED, Calls.NO_VECTORS -> CallEffects.NONE;
      case Calls.DOUBLE_SHIFT -> new CallEffects(1L << ARGUMENT, 0, (extra & 8) != 0, false);
      case Calls.COMPARE_EXCHANGE -> new CallEffects(1L << ARGUMENT | 1L << RAX, 0, false, false);
      case Calls.MULTIPLY_WIDE -> new CallEffects(PRODUCT, PRODUCT, true, false);
      case Calls.DIVIDE -> new CallEffects(PRODUCT, PRODUCT, false, false);
      case Calls.X87 -> x87(extra);
      default -> {
        boolean careful = (number & Calls.CAREFULLY) != 0;
        boolean vector = (number & Calls.VECTOR) != 0;
        yield careful ? CallEffects.NONE : vector ? vector(number) : CallEffects.ANY;
      }
    };
  }

  /** As {@link X87#run} has it. */
  private static CallEffects x87(int code) {
    int opcode = code >> 8 & 7;
    int modrm = code & 0xff;
    int which = modrm >> 3 & 7;
    if (code >> 8 == 9) {
      return CallEffects.NONE; // WAIT
    }
    if (modrm < 0xc0) {
      boolean environment = (opcode == 1 || opcode == 5) && (which & 5) == 4;
      return environment ? CallEffects.ANY : CallEffects.NONE;
    }
    return switch (opcode) {
      case 2 -> which < 4 ? CallEffects.FLAGS : CallEffects.NONE; // FCMOVcc
      case 3 -> which != 4 ? CallEffects.FLAGS : CallEffects.NONE; // FCMOVcc, FCOMI
      case 7 -> which == 4 ? ACCUMULATOR : which > 4 ? CallEffects.FLAGS : CallEffects.NONE;
      default -> CallEffects.NONE;
    };
  }

  private static CallEffects vector(int number) {
    return switch (number & ~(Calls.VECTOR | 3 << 8)) {
      case 1 << 10 | 0x17, 2 << 10 | 0x62, 2 << 10 | 0x63 -> CallEffects.FLAGS;
      case 2 << 10 | 0x60, 2 << 10 | 0x61 -> STRING_LENGTHS; // PCMPESTRM, PCMPESTRI
      default -> CallEffects.NONE;
    };
  }
}
