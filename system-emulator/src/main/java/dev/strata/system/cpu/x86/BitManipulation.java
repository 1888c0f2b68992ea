// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.interpret.Flags;

/** BMI1, BMI2, ADX and CRC32 (Intel SDM, volume 1, 5.1.16, and volume 2). */
final class BitManipulation {
  static final int EXTRACT = 0;
  static final int RESET_LOWEST = 1;
  static final int MASK_TO_LOWEST = 2;
  static final int ISOLATE_LOWEST = 3;
  static final int ZERO_HIGH = 4;
  static final int DEPOSIT_PARALLEL = 5;
  static final int EXTRACT_PARALLEL = 6;
  static final int MULTIPLY_HIGH = 7;

  /** The polynomial 0x11edc6f41, reflected. */
  private static final int CASTAGNOLI = 0x82f63b78;

  private final Flags flags;

  BitManipulation(Flags flags) {
    this.flags = flags;
  }

  private static long mask(int size) {
    return -1L >>> (64 - (8 << size));
  }

  /** Whether an operation sets flags. */
  static boolean setsFlags(int kind) {
    return (kind & 7) < DEPOSIT_PARALLEL;
  }

  /** An operation on a value and what controls it; bits 0–2 of {@code kind}, 3–4 the size. */
  long run(long operand, long control, int kind) {
    int size = kind >> 3 & 3;
    long value = operand & mask(size);
    return switch (kind & 7) {
      case EXTRACT -> extract(value, control);
      case RESET_LOWEST -> result(size, value & (value - 1), value == 0);
      case MASK_TO_LOWEST -> result(size, (value ^ (value - 1)) & mask(size), value == 0);
      case ISOLATE_LOWEST -> result(size, value & -value, value != 0);
      case ZERO_HIGH -> {
        int from = (int) control & 0xff;
        boolean beyond = from >= 8 << size;
        yield result(size, beyond ? value : value & ~(-1L << from), beyond);
      }
      case DEPOSIT_PARALLEL -> Long.expand(control & mask(size), value);
      case EXTRACT_PARALLEL -> Long.compress(control & mask(size), value);
      default -> {
        long other = control & mask(size);
        yield size == 3 ? Math.unsignedMultiplyHigh(value, other) : (value * other) >>> 32;
      }
    };
  }

  private long result(int size, long value, boolean carry) {
    flags.flags(size, value, carry ? Flags.CARRY : 0);
    return value;
  }

  /** BEXTR: of the flags but zero, those that are defined are clear. */
  private long extract(long value, long control) {
    int start = (int) control & 0xff;
    int length = (int) control >> 8 & 0xff;
    long shifted = start < 64 ? value >>> start : 0;
    long result = length < 64 ? shifted & ~(-1L << length) : shifted;
    flags.flags(result == 0 ? Flags.ZERO : 0);
    return result;
  }

  /** ADCX, or with bit 2 of {@code kind} ADOX: no other flag changes. */
  long addWithOwnCarry(long x, long y, int kind) {
    int size = kind & 3;
    int flag = (kind & 4) != 0 ? Flags.OVERFLOW : Flags.CARRY;
    long before = flags.flags();
    long a = x & mask(size);
    long b = y & mask(size);
    long sum = a + b + ((before & flag) != 0 ? 1 : 0);
    boolean carry = size == 3 ? ((a & b) | ((a | b) & ~sum)) < 0 : sum >>> 32 != 0;
    flags.flags(carry ? before | flag : before & ~flag);
    return sum & mask(size);
  }

  /** CRC32 of 1 << size bytes. */
  static long checksum(long seed, long data, int size) {
    int remainder = (int) seed ^ (int) data;
    if (size < 2) {
      remainder = (int) seed ^ (int) (data & mask(size));
    }
    int crc = turn(remainder, Math.min(8 << size, 32));
    if (size == 3) {
      crc = turn(crc ^ (int) (data >>> 32), 32);
    }
    return crc & 0xffffffffL;
  }

  private static int turn(int remainder, int bits) {
    int crc = remainder;
    for (int i = 0; i < bits; i++) {
      crc = (crc & 1) != 0 ? crc >>> 1 ^ CASTAGNOLI : crc >>> 1;
    }
    return crc;
  }
}
