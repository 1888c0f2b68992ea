// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

import dev.strata.block.BlockException;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.lang.foreign.ValueLayout;

/**
 * The i440FX's host bridge: which of the addresses from C0000h to FFFFFh lead to RAM, and whether
 * the RAM behind the VGA's window is seen. Function 0 of slot 0.
 *
 * @see "Intel 440FX PCIset data sheet, 290549, 3.2.12 PAM, 3.2.18 SMRAM"
 */
public final class HostBridge extends PciFunction {
  private static final int FIRST_PAM = 0x59;
  private static final int SMRAM = 0x72;
  private static final int SMRAM_OPEN = 0x40;
  private static final int SMRAM_LOCKED = 0x10;
  private static final int SMRAM_ENABLED = 8;

  private static final int SHADOW_PRIORITY = 20;
  private static final long SHADOW = 0xc0000;
  private static final long WINDOW = 0xa0000;
  private static final long WINDOW_LENGTH = 0x20000;
  private static final int SEGMENTS = 13;

  private final AddressSpace memory;
  private final AddressSpace processor;
  private final MemoryRegion ram;
  private final MemoryRegion readOnly;
  private final MemoryRegion rom;
  private final MemoryRegion shadowed; // reads as the ROM, writes to RAM
  private final int[] states = new int[SEGMENTS]; // bit 0: reads go to RAM, bit 1: writes do
  private final MemoryRegion[] shown = new MemoryRegion[SEGMENTS];
  private boolean open;
  private boolean openToProcessor;
  private boolean systemManagement;

  /**
   * A host bridge.
   *
   * @param processor memory as the processor sees it, over {@code memory}
   * @param ram the machine's RAM, at least a mebibyte
   * @param rom what is from C0000h to FFFFFh where no RAM is seen, 256 KiB
   */
  public HostBridge(
      AddressSpace memory, AddressSpace processor, MemoryRegion ram, MemoryRegion rom) {
    super(0x8086, 0x1237, 2, 0x060000);
    this.memory = memory;
    this.processor = processor;
    this.ram = ram;
    this.rom = rom;
    this.readOnly = ram.readOnlyView("shadow");
    this.shadowed = rom.writtenElsewhere("shadow being filled", new Filling(ram));
    for (int segment = 0; segment < SEGMENTS; segment++) {
      shown[segment] = rom;
      long offset = segment * 0x4000L;
      long length = segment == SEGMENTS - 1 ? 0x10000 : 0x4000;
      memory.map(SHADOW + offset, rom, offset, length, SHADOW_PRIORITY);
    }
    writable(FIRST_PAM, 7, 0x33333333333330L);
    writable(SMRAM, 1, 0x78);
  }

  /** Writes what is read from elsewhere. */
  private record Filling(MemoryRegion ram) implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      return -1;
    }

    @Override
    public void write(long offset, int bytes, long value) {
      for (int at = 0; at < bytes; at++) {
        ram.memory().set(ValueLayout.JAVA_BYTE, SHADOW + offset + at, (byte) (value >>> (8 * at)));
      }
      ram.written(SHADOW + offset, bytes);
    }
  }

  @Override
  public void reset() {
    synchronized (bus()) {
      for (int register = FIRST_PAM; register < FIRST_PAM + 7; register++) {
        put8(register, 0);
      }
      put8(SMRAM, 2);
      writable(SMRAM, 1, 0x78);
      systemManagement = false;
      update();
    }
    super.reset();
  }

  @Override
  protected void configurationWritten(int register, int bytes) {
    if (register <= SMRAM && register + bytes > FIRST_PAM) {
      int control = get8(SMRAM);
      if ((control & SMRAM_LOCKED) != 0) {
        put8(SMRAM, control & ~SMRAM_OPEN);
        writable(SMRAM, 1, 0);
      }
      update();
    }
  }

  /** The processor enters or leaves system management mode. */
  public void systemManagement(boolean active) {
    synchronized (bus()) {
      systemManagement = active;
      updateWindow();
    }
  }

  private void update() {
    for (int segment = 0; segment < SEGMENTS; segment++) {
      int state = state(segment);
      if (state != states[segment]) {
        states[segment] = state;
        shadow(segment, state);
      }
    }
    updateWindow();
  }

  /** Segments are 16 KiB from C0000h on; the last is the 64 KiB from F0000h on, and comes first. */
  private int state(int segment) {
    if (segment == SEGMENTS - 1) {
      return get8(FIRST_PAM) >> 4 & 3;
    }
    return get8(FIRST_PAM + 1 + segment / 2) >> (4 * (segment & 1)) & 3;
  }

  private void shadow(int segment, int state) {
    long offset = segment * 0x4000L;
    long base = SHADOW + offset;
    long length = segment == SEGMENTS - 1 ? 0x10000 : 0x4000;
    MemoryRegion region =
        switch (state) {
          case 0 -> rom;
          case 1 -> readOnly;
          case 2 -> shadowed;
          default -> ram;
        };
    boolean fromRam = (state & 1) != 0;
    // The new one first, so that there is never nothing.
    memory.map(base, region, fromRam ? base : offset, length, SHADOW_PRIORITY);
    memory.unmap(base, shown[segment]);
    shown[segment] = region;
  }

  /**
   * An open window is everybody's, otherwise in system management mode it is the processor's.
   * D_CLS, which sends data but not code elsewhere, is not heeded: as in the reference.
   */
  private void updateWindow() {
    int control = get8(SMRAM);
    boolean enabled = (control & SMRAM_ENABLED) != 0;
    open = shown(memory, open, enabled && (control & SMRAM_OPEN) != 0);
    openToProcessor = shown(processor, openToProcessor, enabled && systemManagement);
  }

  private boolean shown(AddressSpace space, boolean before, boolean now) {
    if (now && !before) {
      space.map(WINDOW, ram, WINDOW, WINDOW_LENGTH, SHADOW_PRIORITY);
    } else if (!now && before) {
      space.unmap(WINDOW, ram);
    }
    return now;
  }

  @Override
  public void state(StateFields state) throws BlockException {
    synchronized (bus()) {
      systemManagement = state.flag("system management", systemManagement);
    }
    super.state(state);
  }
}
