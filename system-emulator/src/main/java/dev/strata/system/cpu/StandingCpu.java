// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/**
 * A processor that is there, can be looked at, and executes nothing: of a machine that somebody
 * else drives.
 *
 * @param model the processor that it would be
 */
public record StandingCpu(Cpu model) implements Cpu {
  @Override
  public ExitReason run(long nanos) {
    return ExitReason.HALTED;
  }

  @Override
  public void stop() {
    // It never runs.
  }

  @Override
  public void interrupt(int line, boolean level) {
    model.interrupt(line, level);
  }

  @Override
  public void reset() {
    model.reset();
  }

  @Override
  public long physicalAddress(long virtualAddress) {
    return model.physicalAddress(virtualAddress);
  }

  @Override
  public @Nullable Long register(String name) {
    return model.register(name);
  }

  @Override
  public String describe() {
    return model.describe();
  }

  @Override
  public String pages(boolean merged) {
    return model.pages(merged);
  }

  @Override
  public void state(StateFields state) throws BlockException {
    model.state(state);
  }
}
