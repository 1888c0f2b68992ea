// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A board's one PCI bus, with configuration mechanism 1. Thread-safe: the bus's lock guards the
 * configuration of all its functions.
 *
 * @see "PCI Local Bus Specification 2.1, 3.2.2.3.2 Configuration Mechanism #1"
 */
public final class PciBus implements Device {
  /** How many slots there are. */
  public static final int SLOTS = 32;

  /** Of what base address registers map: below RAM, ROM and the board's own ports. */
  static final int BAR_PRIORITY = 0;

  private final AddressSpace memory;
  private final DeviceMemory deviceMemory;
  private final AddressSpace ports;
  private final IrqLine[] wires;
  private final int[] drivers; // how many functions hold each wire up; guarded by this
  private final @Nullable PciFunction[] functions = new PciFunction[SLOTS * 8];
  private int address;

  /**
   * An empty bus.
   *
   * @param wires the four interrupt wires, as pin A of slot 0, 4, 8 ... meets them first
   */
  public PciBus(AddressSpace memory, AddressSpace ports, IrqLine[] wires) {
    this.memory = memory;
    this.deviceMemory = new DeviceMemory(memory);
    this.ports = ports;
    this.wires = wires.clone();
    this.drivers = new int[wires.length];
  }

  AddressSpace memory() {
    return memory;
  }

  AddressSpace ports() {
    return ports;
  }

  /** The memory that functions reach by themselves. */
  public DeviceMemory deviceMemory() {
    return deviceMemory;
  }

  /**
   * Puts a function into a slot.
   *
   * @param slot 0 to 31
   * @param number 0 to 7
   * @param multifunction whether the slot has further functions
   */
  public void attach(int slot, int number, boolean multifunction, PciFunction function) {
    int pin = function.get8(PciFunction.INTERRUPT_PIN);
    IrqLine line = IrqLine.NOWHERE;
    if (pin != 0) {
      // The board turns the wires by one from slot to slot, and the first card slot is number 1.
      int wire = Math.floorMod(slot + pin - 2, wires.length);
      line = shared(wire);
    }
    functions[slot * 8 + number] = function;
    function.attach(this, line, multifunction);
  }

  /** The first slot from 0 on where nothing is, or -1. */
  public int freeSlot() {
    for (int slot = 0; slot < SLOTS; slot++) {
      if (functions[slot * 8] == null) {
        return slot;
      }
    }
    return -1;
  }

  /** Whether a slot has no card. */
  public boolean isFree(int slot) {
    return functions[slot * 8] == null;
  }

  /** Takes a card out of its slot: nothing that it was mapped at answers any more. */
  public void detach(int slot) {
    PciFunction function = functions[slot * 8];
    if (function != null) {
      function.reset(); // maps nothing, and lets go of its interrupt wire
      synchronized (this) {
        functions[slot * 8] = null;
      }
    }
  }

  private IrqLine shared(int wire) {
    return new IrqLine() {
      private boolean up; // guarded by the bus

      @Override
      public void set(boolean level) {
        synchronized (PciBus.this) {
          if (level != up) {
            up = level;
            drivers[wire] += level ? 1 : -1;
            wires[wire].set(drivers[wire] > 0);
          }
        }
      }
    };
  }

  @Override
  public void reset() {
    synchronized (this) {
      address = 0;
    }
    for (PciFunction function : functions) {
      if (function != null) {
        function.reset();
      }
    }
  }

  /**
   * Ports CF8h to CFFh.
   *
   * @param resetPort port CF9h, which lies inside: single bytes there are for it
   */
  public MmioHandler configurationPorts(MmioHandler resetPort) {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        if (offset == 1 && bytes == 1) {
          return resetPort.read(0, 1);
        }
        synchronized (PciBus.this) {
          if (offset < 4) {
            return bytes == 4 ? address & 0xffffffffL : -1;
          }
          PciFunction function = addressed();
          return function == null
              ? -1
              : function.readConfiguration((address & 0xfc) | ((int) offset & 3), bytes);
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        if (offset == 1 && bytes == 1) {
          resetPort.write(0, 1, value);
          return;
        }
        synchronized (PciBus.this) {
          if (offset < 4) {
            if (bytes == 4) {
              address = ((int) value & 0x80fffffc) | ((int) value & 3);
            }
            return;
          }
          PciFunction function = addressed();
          if (function != null) {
            function.writeConfiguration((address & 0xfc) | ((int) offset & 3), bytes, (int) value);
          }
        }
      }
    };
  }

  /** The functions on the bus, by slot and number, and how each is called for that. */
  public Map<String, PciFunction> functions() {
    var all = new LinkedHashMap<String, PciFunction>();
    for (int index = 0; index < functions.length; index++) {
      PciFunction function = functions[index];
      if (function != null) {
        all.put("pci %02x.%x".formatted(index >> 3, index & 7), function);
      }
    }
    return all;
  }

  /** The functions on the bus, in lines, as monitors show them. */
  public synchronized String describe() {
    var text = new StringBuilder();
    for (int index = 0; index < functions.length; index++) {
      PciFunction function = functions[index];
      if (function != null) {
        text.append("  Bus  0, device %3d, function %d:\n".formatted(index >> 3, index & 7));
        function.describe(text);
      }
    }
    return text.toString();
  }

  private @Nullable PciFunction addressed() {
    boolean here = address < 0 && (address & 0xff0000) == 0;
    return here ? functions[address >> 8 & 0xff] : null;
  }

  @Override
  public void state(StateFields state) throws BlockException {
    synchronized (this) {
      address = state.i32("configuration address", address);
    }
  }
}
