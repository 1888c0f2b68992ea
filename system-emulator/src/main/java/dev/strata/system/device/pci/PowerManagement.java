// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

import dev.strata.block.BlockException;
import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;

/**
 * The PIIX4's power management: the ACPI timer, the power button, sleep, the ports that call system
 * management mode. Function 3 of slot 1. The bus's lock guards it.
 *
 * @see "82371AB (PIIX4) data sheet, 290562, 7 Power Management; ACPI 5.0, 4.8.3"
 */
public final class PowerManagement extends PciFunction {
  /** Ticks of the timer in a second. */
  public static final long FREQUENCY = 3_579_545;

  private static final int BASE = 0x40;
  private static final int MISCELLANEOUS = 0x80; // bit 0: the ports are there
  private static final int ACTIVITY_B = 0x58; // bit 25: writes of the control port call SMIs
  private static final int PORTS = 64;

  private static final int TIMER_STATUS = 1;
  private static final int POWER_BUTTON = 0x100;
  private static final int SYSTEM_CONTROL_INTERRUPT = 1; // PM1 control: ACPI rules
  private static final int SLEEP = 0x2000;

  private static final int ACPI_ENABLE = 0xf1;
  private static final int ACPI_DISABLE = 0xf0;

  /** What the chip asks of the board. */
  public interface BoardPins {
    /** A system management interrupt. */
    void systemManagementInterrupt();

    /** Power off. */
    void powerOff();
  }

  private final VirtualClock clock;
  private final IrqLine interrupt;
  private final BoardPins pins;
  private final boolean systemManagementMode;
  private final Timer timer;
  private int status;
  private int enabled;
  private int control;
  private int apmControl;
  private int apmStatus;
  private long overflowsSeen;
  private final MemoryRegion ports;
  private int placedAt = -1;

  /**
   * The chip.
   *
   * @param interrupt ISA interrupt 9
   * @param systemManagementMode whether the processor has it; if not, firmware is told that it is
   *     set up already
   */
  public PowerManagement(
      VirtualClock clock, IrqLine interrupt, BoardPins pins, boolean systemManagementMode) {
    super(0x8086, 0x7113, 3, 0x068000);
    this.clock = clock;
    this.interrupt = interrupt;
    this.pins = pins;
    this.systemManagementMode = systemManagementMode;
    this.timer = clock.timer(this::timerOverflows);
    this.ports =
        MemoryRegion.mmio("power management", PORTS, new RegisterWidth(new Registers(), 1, 4));
    put16(STATUS, 0x280);
    interruptPin(1);
    writable(BASE, 4, 0xffc0);
    writable(ACTIVITY_B, 4, 0xffffffffL);
    writable(MISCELLANEOUS, 1, 1);
    writable(0x90, 4, 0xfff0);
    writable(0xd2, 1, 0xff);
  }

  @Override
  public void reset() {
    super.reset();
    synchronized (bus()) {
      put32(BASE, 1);
      put8(MISCELLANEOUS, 0);
      put32(ACTIVITY_B, systemManagementMode ? 0 : 0x02000000);
      put32(0x90, 1);
      put8(0xd2, 0);
      status = 0;
      enabled = 0;
      control = systemManagementMode ? 0 : SYSTEM_CONTROL_INTERRUPT;
      apmControl = 0;
      apmStatus = 0;
      overflowsSeen = overflows();
      update();
      map();
    }
  }

  @Override
  protected void configurationWritten(int register, int bytes) {
    map();
  }

  private void map() {
    int base = get32(BASE) & 0xffc0;
    int at = (get8(MISCELLANEOUS) & 1) != 0 && base != 0 ? base : -1;
    if (at != placedAt) {
      if (placedAt >= 0) {
        bus().ports().unmap(ports);
      }
      placedAt = at;
      if (at >= 0) {
        bus().ports().map(at, ports, PciBus.BAR_PRIORITY);
      }
    }
  }

  private long ticks() {
    long nanos = clock.nanos();
    return nanos / VirtualClock.SECOND * FREQUENCY
        + nanos % VirtualClock.SECOND * FREQUENCY / VirtualClock.SECOND;
  }

  /** How often the timer's highest bit, of 24, has changed. */
  private long overflows() {
    return ticks() >> 23;
  }

  private void timerOverflows() {
    synchronized (bus()) {
      update();
    }
  }

  private void update() {
    long overflows = overflows();
    if (overflows != overflowsSeen) {
      overflowsSeen = overflows;
      status |= TIMER_STATUS;
    }
    boolean rules = (control & SYSTEM_CONTROL_INTERRUPT) != 0;
    interrupt.set(rules && (status & enabled) != 0);
    if ((enabled & TIMER_STATUS) != 0 && (status & TIMER_STATUS) == 0) {
      long tick = (overflows + 1) << 23;
      timer.at(
          tick / FREQUENCY * VirtualClock.SECOND
              + (tick % FREQUENCY * VirtualClock.SECOND + FREQUENCY - 1) / FREQUENCY);
    } else {
      timer.cancel();
    }
  }

  /** Somebody presses the power button. */
  public void pressPowerButton() {
    synchronized (bus()) {
      status |= POWER_BUTTON;
      update();
    }
  }

  private final class Registers implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      synchronized (bus()) {
        update();
        // Each register begins at a multiple of its length; parts of one are shifted down.
        long whole =
            switch ((int) offset & ~3) {
              case 0 -> status | (long) enabled << 16;
              case 4 -> control | 0xffff0000L; // nothing is behind the register
              case 8 -> ticks() & 0xffffff;
              default -> -1;
            };
        return whole >>> (8 * ((int) offset & 3));
      }
    }

    @Override
    public void write(long offset, int bytes, long value) {
      boolean off = false;
      synchronized (bus()) {
        for (int at = 0; at < bytes; at++) {
          off |= writeByte((int) offset + at, (int) (value >>> (8 * at)) & 0xff);
        }
        update();
      }
      if (off) {
        pins.powerOff();
      }
    }
  }

  /** Writes one byte; whether it turns the power off. */
  private boolean writeByte(int register, int value) {
    switch (register) {
      case 0 -> status &= ~value;
      case 1 -> status &= ~(value << 8);
      case 2 -> enabled = (enabled & 0xff00) | value;
      case 3 -> enabled = (enabled & 0xff) | value << 8;
      case 4 -> control = (control & 0xff00) | value;
      case 5 -> {
        control = (control & 0xff) | (value << 8 & ~SLEEP);
        // Sleep type 0 is soft off in the tables of this board.
        return (value << 8 & SLEEP) != 0 && (value >> 2 & 7) == 0;
      }
      default -> {} // the timer is read-only, the rest is not there
    }
    return false;
  }

  /** Ports B2h and B3h. */
  public MmioHandler apmPorts() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (bus()) {
          return offset == 0 ? apmControl : apmStatus;
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        boolean calls = false;
        synchronized (bus()) {
          if (offset != 0) {
            apmStatus = (int) value & 0xff;
            return;
          }
          apmControl = (int) value & 0xff;
          if (apmControl == ACPI_ENABLE) {
            control |= SYSTEM_CONTROL_INTERRUPT;
          } else if (apmControl == ACPI_DISABLE) {
            control &= ~SYSTEM_CONTROL_INTERRUPT;
          }
          update();
          calls = systemManagementMode && (get32(ACTIVITY_B) & 0x02000000) != 0;
        }
        if (calls) {
          pins.systemManagementInterrupt();
        }
      }
    };
  }

  @Override
  public void state(StateFields state) throws BlockException {
    super.state(state);
    synchronized (bus()) {
      status = state.u16("status", status);
      enabled = state.u16("enabled", enabled);
      control = state.u16("control", control);
      apmControl = state.u8("APM control", apmControl);
      apmStatus = state.u8("APM status", apmStatus);
      overflowsSeen = state.i64("overflows", overflowsSeen);
      if (state.isLoading()) {
        update();
      }
    }
  }
}
