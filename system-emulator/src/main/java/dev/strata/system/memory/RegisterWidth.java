// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/**
 * Registers that know only some widths. What is wider, or not aligned to a width that they know,
 * comes in parts from the lowest on; what is narrower reads part of a register, and writes as if
 * the rest were zeroes.
 *
 * @param narrowest the fewest bytes that the device is asked for: 1, 2, 4 or 8
 * @param widest the most
 */
public record RegisterWidth(MmioHandler device, int narrowest, int widest) implements MmioHandler {
  @Override
  public long read(long offset, int bytes) {
    int step = step(offset, bytes);
    if (step == bytes && (offset & (step - 1)) == 0) {
      return device.read(offset, bytes);
    }
    if (step > bytes || (offset & (step - 1)) != 0) {
      long start = offset & -step;
      int skipped = (int) (offset - start);
      // What reaches into the next register reads as ones.
      return device.read(start, step) >>> (8 * skipped)
          | (skipped == 0 ? 0 : -1L << (8 * (step - skipped)));
    }
    long value = 0;
    for (int at = 0; at < bytes; at += step) {
      long part = device.read(offset + at, step);
      value |= (step == 8 ? part : part & (1L << (8 * step)) - 1) << (8 * at);
    }
    return value;
  }

  @Override
  public void write(long offset, int bytes, long value) {
    int step = step(offset, bytes);
    if (step > bytes) {
      device.write(offset & -step, step, value & (1L << (8 * bytes)) - 1);
      return;
    }
    for (int at = 0; at < bytes; at += step) {
      device.write(offset + at & -step, step, value >>> (8 * at));
    }
  }

  private int step(long offset, int bytes) {
    int aligned = offset == 0 ? bytes : (int) Math.min(bytes, Long.lowestOneBit(offset));
    return Math.clamp(aligned, narrowest, widest);
  }
}
