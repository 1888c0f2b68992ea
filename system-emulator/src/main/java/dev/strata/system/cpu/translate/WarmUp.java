// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.interpret.Region;
import dev.strata.system.cpu.interpret.RegionCode;

/**
 * A new region waiting for the JIT: the JVM interprets bytecode slower than the interpreter does
 * the guest's code. It is called, to do nothing, until that is so quick that it must have been
 * compiled.
 */
final class WarmUp {
  /** So often that the JIT compiles what CompileThresholdScaling hastens. */
  private static final int CALLS = 64;

  private static final int PROBES = 32;

  // Compiled, a call takes some 3 ns; interpreted, 30 at least.
  private static final long COMPILED_NANOS = 15 * PROBES;

  // Some are never compiled.
  private static final long PATIENCE_NANOS = 400_000_000;

  private final Interpreter core;
  private final Region region;
  private final long began = System.nanoTime();

  /** What is to be done then. */
  final Runnable over;

  WarmUp(Interpreter core, Region region, Runnable over) {
    this.core = core;
    this.region = region;
    this.over = over;
    call(CALLS);
  }

  private void call(int times) {
    RegionCode code = region.code();
    for (int i = 0; i < times; i++) {
      code.run(region, core, core.slots, -1);
    }
  }

  /** Whether it may be run. */
  boolean isOver() {
    for (int i = 0; i < 3; i++) {
      long before = System.nanoTime();
      call(PROBES);
      if (System.nanoTime() - before < COMPILED_NANOS) {
        return true;
      }
    }
    return System.nanoTime() - began > PATIENCE_NANOS;
  }
}
