// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

import dev.strata.block.BlockException;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * The PIIX3's ISA bridge: leads the four PCI interrupt wires to ISA interrupts, and resets the
 * machine by port CF9h. Function 0 of slot 1.
 *
 * @see "82371SB (PIIX3) data sheet, 290550, 2.2"
 */
public final class IsaBridge extends PciFunction {
  private static final int FIRST_ROUTE = 0x60;
  private static final int ROUTED_NOWHERE = 0x80;

  private final IrqLine[] interrupts;
  private final Runnable resetMachine;
  private final boolean[] wires = new boolean[4]; // guarded by the bus
  private final boolean[] driven = new boolean[16]; // guarded by the bus
  private volatile int resetControl;

  /**
   * A bridge.
   *
   * @param interrupts the 16 ISA interrupts as PCI drives them
   */
  public IsaBridge(IrqLine[] interrupts, Runnable resetMachine) {
    super(0x8086, 0x7000, 0, 0x060100);
    this.interrupts = interrupts.clone();
    this.resetMachine = resetMachine;
    writable(FIRST_ROUTE, 4, 0x8f8f8f8fL);
    put16(STATUS, 0x200);
    writable(0x4c, 4, 0xffffffffL);
    writable(0x69, 1, 0xff);
    writable(0x82, 1, 0xff);
  }

  /** One of the four wires, 0 to 3. */
  public IrqLine wire(int number) {
    return level -> {
      synchronized (bus()) {
        wires[number] = level;
        update();
      }
    };
  }

  @Override
  public void reset() {
    super.reset();
    synchronized (bus()) {
      put32(0x4c, 0x3004d);
      put8(0x69, 2);
      put8(0x70, 0x80);
      put16(0x76, 0x0c0c);
      put8(0x78, 2);
      put8(0x82, 0);
      put8(0xa0, 8);
      put8(0xa8, 0x0f);
      put32(FIRST_ROUTE, 0x80808080);
      resetControl = 0;
      update();
    }
  }

  @Override
  protected void configurationWritten(int register, int bytes) {
    if (register < FIRST_ROUTE + 4 && register + bytes > FIRST_ROUTE) {
      update();
    }
  }

  private void update() {
    var now = new boolean[16];
    for (int wire = 0; wire < 4; wire++) {
      int route = get8(FIRST_ROUTE + wire);
      if ((route & ROUTED_NOWHERE) == 0) {
        now[route & 15] |= wires[wire];
      }
    }
    for (int line = 0; line < 16; line++) {
      if (now[line] != driven[line]) {
        driven[line] = now[line];
        interrupts[line].set(now[line]);
      }
    }
  }

  /** Port CF9h: bit 2 rising resets. */
  public MmioHandler resetPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return resetControl;
      }

      @Override
      public void write(long offset, int bytes, long value) {
        resetControl = (int) value & 2;
        if ((value & 4) != 0) {
          resetMachine.run();
        }
      }
    };
  }

  @Override
  public void state(StateFields state) throws BlockException {
    super.state(state);
    resetControl = state.u8("reset control", resetControl);
  }
}
