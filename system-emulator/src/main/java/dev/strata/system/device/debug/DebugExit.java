// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.debug;

import dev.strata.system.memory.MmioHandler;
import java.util.function.IntConsumer;

/** The device {@code isa-debug-exit}: a guest that writes to it ends the emulator. */
public final class DebugExit implements MmioHandler {
  private final IntConsumer exit;

  /**
   * A port that ends.
   *
   * @param exit takes the exit code: twice what is written, plus one; called on the processor's
   *     thread
   */
  public DebugExit(IntConsumer exit) {
    this.exit = exit;
  }

  @Override
  public long read(long offset, int bytes) {
    return 0;
  }

  @Override
  public void write(long offset, int bytes, long value) {
    exit.accept(((int) value << 1 | 1) & 0xff);
  }
}
