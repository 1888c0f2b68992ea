// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/**
 * A function of a PCI device: 256 bytes of configuration, up to six base address registers. The bus
 * locks its configuration space.
 *
 * @see "PCI Local Bus Specification 2.1, 6 Configuration Space"
 */
public abstract class PciFunction implements Device {
  protected static final int COMMAND = 4;
  protected static final int STATUS = 6;
  protected static final int CACHE_LINE = 0xc;
  protected static final int FIRST_BAR = 0x10;
  protected static final int SUBSYSTEM = 0x2c;
  protected static final int EXPANSION_ROM = 0x30;
  protected static final int CAPABILITIES = 0x34;
  protected static final int INTERRUPT_LINE = 0x3c;
  protected static final int INTERRUPT_PIN = 0x3d;

  private static final int HEADER = 64; // bytes

  private static final int IO = 1; // command
  private static final int MEMORY = 2;
  private static final int MASTER = 4;
  private static final int INTERRUPTS_OFF = 0x400;

  private static final int PORTS = 1; // base address registers
  private static final int PREFETCHABLE = 8;
  private static final int ROM_ENABLED = 1; // the expansion ROM's register
  private static final int ROM_BAR = 6; // behind the base address registers proper

  private final byte[] configuration = new byte[256];
  private final byte[] writable = new byte[256];
  private final byte[] clearable = new byte[256]; // bits that writing a one clears
  private final Bar[] bars = new Bar[ROM_BAR + 1];
  private @Nullable PciBus bus;
  private String id = "";
  private IrqLine interrupt = IrqLine.NOWHERE;
  private boolean asserted;

  /** What a base address register maps, and its bits that say what that is. */
  private static final class Bar {
    final int kind;
    final MemoryRegion region;
    long mappedAt = -1;

    Bar(int kind, MemoryRegion region) {
      this.kind = kind;
      this.region = region;
    }

    boolean ports() {
      return (kind & PORTS) != 0;
    }
  }

  /**
   * A function.
   *
   * @param classCode class, subclass and programming interface: 24 bits
   */
  protected PciFunction(int vendor, int device, int revision, int classCode) {
    put16(0, vendor);
    put16(2, device);
    put8(8, revision);
    put8(9, classCode);
    put16(10, classCode >> 8);
    // The identity that boards of this kind carry unless a card says otherwise: firmware looks at
    // it.
    subsystem(0x1af4, 0x1100);
    writable(COMMAND, 2, IO | MEMORY | MASTER | 0x100 | INTERRUPTS_OFF);
    clearable[STATUS + 1] = (byte) 0xf9;
    writable(INTERRUPT_LINE, 1, 0xff);
    writable(CACHE_LINE, 1, 0xff);
  }

  protected final void subsystem(int vendor, int device) {
    put16(SUBSYSTEM, vendor);
    put16(SUBSYSTEM + 2, device);
  }

  protected final int get8(int register) {
    return configuration[register] & 0xff;
  }

  protected final void put8(int register, int value) {
    configuration[register] = (byte) value;
  }

  protected final int get16(int register) {
    return get8(register) | get8(register + 1) << 8;
  }

  protected final void put16(int register, int value) {
    put8(register, value);
    put8(register + 1, value >> 8);
  }

  protected final int get32(int register) {
    return get16(register) | get16(register + 2) << 16;
  }

  protected final void put32(int register, int value) {
    put16(register, value);
    put16(register + 2, value >> 16);
  }

  /** Says which bits the guest may write. */
  protected final void writable(int register, int bytes, long mask) {
    for (int at = 0; at < bytes; at++) {
      writable[register + at] = (byte) (mask >> (8 * at));
    }
  }

  /** The interrupt pin, 1 for INTA to 4. */
  protected final void interruptPin(int pin) {
    put8(INTERRUPT_PIN, pin);
  }

  /** Has a base address register map ports; {@code length} is a power of two, at least 4. */
  protected final void portBar(int index, int length, int widest, MmioHandler handler) {
    bars[index] = new Bar(PORTS, region(index, length, widest, handler));
    put32(FIRST_BAR + 4 * index, PORTS);
    writable(FIRST_BAR + 4 * index, 4, -length & ~3L);
  }

  /** Has a base address register map memory below 4 GiB; a power of two, at least 16. */
  protected final void memoryBar(int index, int length, int widest, MmioHandler handler) {
    bars[index] = new Bar(0, region(index, length, widest, handler));
    writable(FIRST_BAR + 4 * index, 4, -length & ~15L);
  }

  /** Has a base address register map memory that reads do not change; a power of two. */
  protected final void memoryBar(int index, MemoryRegion memory) {
    bars[index] = new Bar(PREFETCHABLE, memory);
    put32(FIRST_BAR + 4 * index, PREFETCHABLE);
    writable(FIRST_BAR + 4 * index, 4, -memory.size() & ~15L);
  }

  /** The function's expansion ROM; a power of two, at least 2 KiB. */
  protected final void expansionRom(MemoryRegion rom) {
    bars[ROM_BAR] = new Bar(0, rom);
    writable(EXPANSION_ROM, 4, (-rom.size() & ~0x7ffL) | ROM_ENABLED);
  }

  private static int register(int index) {
    return index == ROM_BAR ? EXPANSION_ROM : FIRST_BAR + 4 * index;
  }

  private MemoryRegion region(int index, int length, int widest, MmioHandler handler) {
    return MemoryRegion.mmio(
        getClass().getSimpleName() + " bar " + index,
        length,
        new RegisterWidth(handler, 1, widest));
  }

  /** The bus it is on. */
  protected final PciBus bus() {
    PciBus on = bus;
    if (on == null) {
      throw new IllegalStateException("not on a bus");
    }
    return on;
  }

  final void attach(PciBus to, IrqLine line, boolean multifunction) {
    bus = to;
    interrupt = line;
    if (multifunction) {
      put8(0x0e, get8(0x0e) | 0x80);
    }
  }

  /** Whether the function may read and write memory by itself. */
  protected final boolean isMaster() {
    return (get16(COMMAND) & MASTER) != 0;
  }

  /** Sets the level of the function's interrupt pin. */
  protected final void interrupt(boolean level) {
    PciBus on = bus();
    synchronized (on) {
      asserted = level;
      driveInterrupt();
    }
  }

  private void driveInterrupt() {
    put8(STATUS, (get8(STATUS) & ~8) | (asserted ? 8 : 0));
    interrupt.set(asserted && (get16(COMMAND) & INTERRUPTS_OFF) == 0);
  }

  @Override
  public void reset() {
    synchronized (bus()) {
      put16(COMMAND, 0);
      put8(INTERRUPT_LINE, 0);
      put8(CACHE_LINE, 0);
      asserted = false;
      driveInterrupt();
      for (int index = 0; index < bars.length; index++) {
        if (bars[index] != null) {
          put32(register(index), bars[index].kind);
        }
      }
      remap();
    }
  }

  /** Reads configuration; called with the bus's lock. */
  int readConfiguration(int register, int bytes) {
    int value = 0;
    for (int at = 0; at < bytes && register + at < 256; at++) {
      value |= get8(register + at) << (8 * at);
    }
    return value;
  }

  /** Writes configuration; called with the bus's lock. */
  void writeConfiguration(int register, int bytes, int value) {
    for (int at = 0; at < bytes && register + at < 256; at++) {
      int written = value >>> (8 * at) & 0xff;
      int mask = writable[register + at] & 0xff;
      int kept = configuration[register + at] & ~mask;
      configuration[register + at] =
          (byte) ((kept | (written & mask)) & ~(written & clearable[register + at]));
    }
    if (register < 8
        || (register >= FIRST_BAR && register < FIRST_BAR + 24)
        || (register & ~3) == EXPANSION_ROM) {
      driveInterrupt();
      remap();
    }
    configurationWritten(register, bytes);
  }

  /** Told of each write, after it; called with the bus's lock. */
  protected void configurationWritten(int register, int bytes) {}

  /** What the user calls it. */
  public final void identify(String name) {
    id = name;
  }

  /** Says what it is, as monitors show it; called with the bus's lock. */
  void describe(StringBuilder text) {
    text.append("    ").append(PciClass.name(get16(10)));
    text.append(": PCI device %04x:%04x\n".formatted(get16(0), get16(2)));
    text.append(
        "      PCI subsystem %04x:%04x\n".formatted(get16(SUBSYSTEM), get16(SUBSYSTEM + 2)));
    int pin = get8(INTERRUPT_PIN);
    if (pin != 0) {
      text.append("      IRQ ").append(get8(INTERRUPT_LINE));
      text.append(", pin ").append((char) ('A' + pin - 1)).append('\n');
    }
    for (int index = 0; index < bars.length; index++) {
      Bar bar = bars[index];
      if (bar != null) {
        long at = address(index, bar);
        long last = bar.region.size() - 1;
        boolean prefetchable = (bar.kind & PREFETCHABLE) != 0 && !bar.ports();
        text.append("      BAR").append(index).append(": ");
        text.append(
            bar.ports()
                ? "I/O at 0x%04x [0x%04x].\n".formatted(at, at + last)
                : "32 bit%s memory at 0x%08x [0x%08x].\n"
                    .formatted(prefetchable ? " prefetchable" : "", at, at + last));
      }
    }
    text.append("      id \"").append(id).append("\"\n");
  }

  /** Takes a configuration over; of the header only what can change, which is not who it is. */
  private void load(byte[] loaded) {
    for (int at = 0; at < loaded.length; at++) {
      boolean fixed = at < HEADER && at != STATUS && at != STATUS + 1;
      int mask = fixed ? writable[at] : 0xff;
      configuration[at] = (byte) ((configuration[at] & ~mask) | (loaded[at] & mask));
    }
    driveInterrupt();
    remap();
    configurationWritten(0, configuration.length);
  }

  private void remap() {
    for (int index = 0; index < bars.length; index++) {
      Bar bar = bars[index];
      if (bar != null) {
        long at = address(index, bar);
        if (at != bar.mappedAt) {
          place(bar, at);
        }
      }
    }
  }

  /** Where the register maps to, or -1 for nowhere. */
  private long address(int index, Bar bar) {
    long value = get32(register(index)) & 0xffffffffL;
    if (bar.ports()) {
      long at = value & ~3L;
      boolean on = (get16(COMMAND) & IO) != 0 && at != 0 && at + bar.region.size() <= 0x10000;
      return on ? at : -1;
    }
    long at = value & ~15L;
    // While its length is asked for, a register holds all ones.
    boolean on = (get16(COMMAND) & MEMORY) != 0 && at != 0 && at + bar.region.size() < 0xffffffffL;
    on &= index != ROM_BAR || (value & ROM_ENABLED) != 0;
    return on ? at : -1;
  }

  private void place(Bar bar, long at) {
    AddressSpace space = bar.ports() ? bus().ports() : bus().memory();
    if (bar.mappedAt >= 0) {
      space.unmap(bar.region);
    }
    bar.mappedAt = at;
    if (at >= 0) {
      space.map(at, bar.region, PciBus.BAR_PRIORITY);
    }
  }

  @Override
  public void state(StateFields state) throws BlockException {
    synchronized (bus()) {
      state.same("device", get32(0));
      byte[] loaded = configuration.clone();
      state.bytes("configuration", loaded);
      asserted = state.flag("interrupt", asserted);
      if (state.isLoading()) {
        load(loaded);
      }
    }
  }
}
