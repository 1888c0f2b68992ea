// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.device.timer.Hpet;
import dev.strata.system.device.timer.IntervalTimer;
import dev.strata.system.device.timer.RealTimeClock;
import dev.strata.system.device.timer.TimeSource;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.RegisterWidth;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** What tells a PC the time, wired: an HPET stands before the interrupts of the other two. */
final class PcTimers {
  private static final int BOARD_PRIORITY = 1;
  private static final int TICK = 0; // ISA interrupts
  private static final int CLOCK_TICK = 8;

  private final RealTimeClock time;
  private final Map<String, Device> chips = new LinkedHashMap<>();

  /**
   * Timers.
   *
   * @param by what the clock goes by
   * @param start the time of day at which the machine begins
   * @param hpet whether there is one
   */
  PcTimers(
      VirtualClock clock,
      TimeSource by,
      LocalDateTime start,
      boolean hpet,
      PcInterrupts interrupts,
      AddressSpace memory,
      PcPorts ports) {
    IrqLine tick = interrupts.line(TICK);
    IrqLine clockTick = interrupts.line(CLOCK_TICK);
    if (hpet) {
      var events = new Hpet(clock, tick, clockTick, interrupts.eventLine());
      var registers = new RegisterWidth(events, 4, 8);
      memory.map(Hpet.BASE, MemoryRegion.mmio("hpet", Hpet.SIZE, registers), BOARD_PRIORITY);
      chips.put("hpet", events);
      tick = events.replaceable(0);
      clockTick = events.replaceable(1);
    }
    var timer = new IntervalTimer(clock, tick);
    ports.map(0x40, 4, 1, timer);
    ports.map(0x61, 1, 1, timer.speakerPort());
    chips.put("timer", timer);
    time = new RealTimeClock(clock, by, start, clockTick);
    ports.map(0x70, 2, 1, time);
    chips.put("rtc", time);
  }

  /** The clock whose memory firmware keeps its settings in. */
  RealTimeClock time() {
    return time;
  }

  /** By name, in the order of their reset. */
  Map<String, Device> chips() {
    return chips;
  }
}
