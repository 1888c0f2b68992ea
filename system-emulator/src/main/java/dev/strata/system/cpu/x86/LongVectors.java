// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/**
 * Vector instructions whose opcodes begin with 0F 38 and 0F 3A: leads each to those of its kind.
 */
final class LongVectors {
  private final VectorOperands operands;
  private final SupplementalIntegers supplemental;
  private final Sse4Integers integers;
  private final Sse4Floats floats;
  private final SseSelections selections;
  private final StringCompares strings;
  private final AesRounds aes;
  private final ShaRounds sha;

  LongVectors(VectorOperands operands, SseArithmetic arithmetic) {
    this.operands = operands;
    supplemental = new SupplementalIntegers(operands);
    integers = new Sse4Integers(operands);
    floats = new Sse4Floats(operands, arithmetic);
    selections = new SseSelections(operands);
    strings = new StringCompares(operands);
    aes = new AesRounds(operands);
    sha = new ShaRounds(operands);
  }

  /** As {@link Sse#run}; gives what a general register is set to. */
  long run(int which, int immediate) {
    int opcode = which & 0xff;
    boolean second = (which >> 10 & 3) == 2;
    boolean supplements =
        second ? opcode == 0x0f : opcode < 0x0c || (opcode >= 0x1c && opcode <= 0x1e);
    boolean multimedia = supplements && (which >> 8 & 3) == Sse.NONE;
    if (multimedia) {
      operands.multimedia();
    }
    if (second) {
      return run3a(opcode, immediate);
    }
    if (supplements) {
      supplemental.run(opcode, multimedia);
    } else {
      run38(opcode);
    }
    return 0;
  }

  private void run38(int opcode) {
    switch (opcode) {
      case 0x10, 0x14, 0x15 -> selections.blendVariably(opcode);
      case 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35 ->
          selections.widen(opcode);
      case 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd -> sha.run(opcode);
      case 0xdb, 0xdc, 0xdd, 0xde, 0xdf -> aes.run(opcode);
      default -> integers.run(opcode);
    }
  }

  private long run3a(int opcode, int immediate) {
    switch (opcode) {
      case 0x08, 0x09, 0x0a, 0x0b -> floats.round(opcode, immediate);
      case 0x0c, 0x0d, 0x0e -> selections.blend(opcode, immediate);
      case 0x0f -> supplemental.align(immediate);
      case 0x21 -> selections.insertFloat(immediate);
      case 0x40 -> floats.dotOfFloats(immediate);
      case 0x41 -> floats.dotOfDoubles(immediate);
      case 0x42 -> integers.differences(immediate);
      case 0x44 -> integers.carryless(immediate);
      case 0x60, 0x61, 0x62, 0x63 -> {
        return strings.run(opcode, immediate);
      }
      case 0xcc -> sha.rounds1(immediate);
      default -> aes.keyGeneration(immediate); // df
    }
    return 0;
  }
}
