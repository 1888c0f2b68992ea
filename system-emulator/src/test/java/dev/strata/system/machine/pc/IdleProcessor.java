// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.ExitReason;
import dev.strata.system.state.StateFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A processor that does nothing: the test does what a guest would. */
final class IdleProcessor implements Architecture, Cpu {
  volatile boolean interrupt;
  volatile boolean started;

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public List<CpuModel> models() {
    return List.of(() -> "idle");
  }

  @Override
  public String defaultModel() {
    return "idle";
  }

  @Override
  public Cpu create(int index, CpuModel model, CpuSurroundings surroundings) {
    return this;
  }

  @Override
  public ExitReason run(long nanos) {
    started = true;
    return ExitReason.HALTED;
  }

  @Override
  public void stop() {}

  @Override
  public void interrupt(int line, boolean level) {
    if (line == 0) {
      interrupt = level;
    }
  }

  @Override
  public void reset() {}

  @Override
  public void state(StateFields state) throws BlockException {
    interrupt = state.flag("interrupt", interrupt);
  }

  @Override
  public long physicalAddress(long virtualAddress) {
    return virtualAddress;
  }

  @Override
  public @Nullable Long register(String name) {
    return null;
  }

  @Override
  public String describe() {
    return "";
  }

  @Override
  public String pages(boolean merged) {
    return "";
  }
}
