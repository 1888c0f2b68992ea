// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.debug;

import dev.strata.system.chardev.Line;
import dev.strata.system.memory.MmioHandler;

/** The port that firmware tells what it does: each byte written goes out. */
public final class DebugConsole implements MmioHandler {
  /** Where SeaBIOS looks for it. */
  public static final int SEABIOS_PORT = 0x402;

  private final Line output;

  /** A console that writes there. */
  public DebugConsole(Line output) {
    this.output = output;
  }

  @Override
  public long read(long offset, int bytes) {
    return 0xe9; // by which firmware knows that somebody listens
  }

  @Override
  public void write(long offset, int bytes, long value) {
    output.write((byte) value);
  }
}
