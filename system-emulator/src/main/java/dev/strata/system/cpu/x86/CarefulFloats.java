// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** What {@link VectorFloats} have decoded, where a flag may have to be set, or a fault raised. */
final class CarefulFloats {
  private static final long LOW = 0xffffffffL;

  private final SseArithmetic arithmetic;

  CarefulFloats(SseArithmetic arithmetic) {
    this.arithmetic = arithmetic;
  }

  /**
   * The result, or the flags of a comparison.
   *
   * @param which the opcode behind 0F, the kind of prefix at 8, REX.W at 10
   */
  long run(int which, long x, long y) {
    int opcode = which & 0xff;
    int kind = which >> 8 & 3;
    boolean compares = opcode == 0x2e || opcode == 0x2f;
    boolean doubles = kind == (compares ? Sse.P66 : Sse.F2);
    int bits = (which & 1 << 10) != 0 ? 64 : 32;
    arithmetic.begin(doubles);
    long a = doubles ? x : x & LOW;
    long b = doubles ? y : y & LOW;
    long result =
        switch (opcode) {
          case 0x2a -> arithmetic.ofInteger(y);
          case 0x2c -> {
            arithmetic.truncate();
            yield arithmetic.toInteger(b, bits);
          }
          case 0x2d -> arithmetic.toInteger(b, bits);
          case 0x2e, 0x2f -> X87Arithmetic.flags(arithmetic.order(a, b, opcode == 0x2f));
          case 0x5a -> arithmetic.resize(b);
          default -> arithmetic.operate(opcode, a, b);
        };
    arithmetic.end();
    return result;
  }
}
