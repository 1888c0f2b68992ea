// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.device.IrqLine;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.memory.RegisterWidth;
import dev.strata.system.state.StateFields;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * The PIIX3's IDE controller: two channels at the ports where PCs have had them, and bus masters.
 * Function 1 of slot 1.
 *
 * @see "82371SB (PIIX3) data sheet, 290550, 2.4"
 */
public final class IdeController extends PciFunction {
  private static final int[] COMMAND_PORTS = {0x1f0, 0x170};
  private static final int[] CONTROL_PORTS = {0x3f6, 0x376};
  private static final int BOARD_PRIORITY = 1;

  private final List<BusMaster> masters;
  private final List<IdeChannel> channels;

  /**
   * A controller without disks.
   *
   * @param interrupts of the two channels: ISA interrupts 14 and 15
   * @param worker runs disk requests, one after the other
   */
  public IdeController(
      AddressSpace ports, DeviceMemory memory, IrqLine[] interrupts, Executor worker) {
    super(0x8086, 0x7010, 0, 0x010180);
    masters = List.of(new BusMaster(memory), new BusMaster(memory));
    channels =
        List.of(
            new IdeChannel(interrupts[0], worker, masters.get(0)),
            new IdeChannel(interrupts[1], worker, masters.get(1)));
    put16(STATUS, 0x280);
    writable(0x40, 4, 0xffffffffL); // timing
    for (int channel = 0; channel < 2; channel++) {
      ports.map(
          COMMAND_PORTS[channel],
          MemoryRegion.mmio(
              "ide command", 8, new RegisterWidth(channels.get(channel).commandBlock(), 1, 4)),
          BOARD_PRIORITY);
      ports.map(
          CONTROL_PORTS[channel],
          MemoryRegion.mmio(
              "ide control", 1, new RegisterWidth(channels.get(channel).controlBlock(), 1, 1)),
          BOARD_PRIORITY);
    }
    portBar(4, 16, 4, new Masters());
  }

  private final class Masters implements MmioHandler {
    @Override
    public long read(long offset, int bytes) {
      return masters.get((int) offset >> 3 & 1).read(offset & 7, bytes);
    }

    @Override
    public void write(long offset, int bytes, long value) {
      masters.get((int) offset >> 3 & 1).write(offset & 7, bytes, value);
    }
  }

  /**
   * Connects a disk.
   *
   * @param index 0 to 3: the first channel's two drives, then the second's
   * @param serial at most 20 characters of ASCII
   */
  public void attach(int index, GuestDrive disk, String serial) {
    IdeChannel channel = channels.get(index >> 1);
    channel.attach(index & 1, new HardDisk(channel, new AtaDrive(disk, serial)));
  }

  /**
   * Connects a CD drive.
   *
   * @param index as of a disk
   * @param serial at most 20 characters of ASCII
   */
  public void attachCd(int index, GuestDrive drive, String serial) {
    IdeChannel channel = channels.get(index >> 1);
    channel.attach(index & 1, new CdDrive(channel, drive, serial));
  }

  /** Whether nothing is connected there. */
  public boolean isFree(int index) {
    return channels.get(index >> 1).isFree(index & 1);
  }

  @Override
  public void reset() {
    super.reset();
    synchronized (bus()) {
      put32(0x40, 0); // both channels are decoded all the same
    }
    masters.forEach(BusMaster::reset);
    channels.forEach(IdeChannel::reset);
  }

  @Override
  public void state(StateFields state) throws BlockException {
    super.state(state);
    for (int channel = 0; channel < channels.size(); channel++) {
      masters.get(channel).state(state);
      channels.get(channel).state(state);
    }
  }

  @Override
  public int underWay() {
    return channels.stream().mapToInt(IdeChannel::underWay).sum();
  }

  @Override
  public void resumed() {
    channels.forEach(IdeChannel::resumed);
  }
}
