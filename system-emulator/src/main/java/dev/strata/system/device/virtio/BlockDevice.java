// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.drive.DriveDevice;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.DiskLimits;
import dev.strata.block.virtio.DiskRequests;
import dev.strata.block.virtio.SplitQueue;

/**
 * A disk.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.2 Block Device"
 */
public final class BlockDevice implements VirtioDevice, DriveDevice {
  private static final DiskLimits LIMITS = new DiskLimits(254, 32, 1 << 22, true);

  private final GuestDrive disk;
  private final DiskRequests requests;
  private final boolean readOnly;
  private VirtioTransport transport = VirtioTransport.NONE;

  /**
   * A disk.
   *
   * @param serial at most 20 characters of ASCII
   */
  public BlockDevice(GuestDrive disk, boolean readOnly, String serial) {
    this.disk = disk;
    this.requests = new DiskRequests(disk, readOnly, serial, LIMITS);
    this.readOnly = readOnly;
    disk.device(this);
  }

  @Override
  public void connect(VirtioTransport by) {
    transport = by;
  }

  @Override
  public void mediumChanged() {
    // It cannot be.
  }

  @Override
  public void ejectRequested(boolean forced) {
    // Nor can it come out.
  }

  /** The configuration has the capacity. */
  @Override
  public void resized() {
    transport.configurationChanged();
  }

  @Override
  public int kind() {
    return 2;
  }

  @Override
  public int transitionalId() {
    return 0x1001;
  }

  @Override
  public int classCode() {
    return 0x010000;
  }

  @Override
  public long features() {
    return DiskRequests.SEG_MAX
        | DiskRequests.BLOCK_SIZE
        | DiskRequests.FLUSH
        | (readOnly ? DiskRequests.READ_ONLY : DiskRequests.DISCARD | DiskRequests.WRITE_ZEROES);
  }

  @Override
  public int queues() {
    return 1;
  }

  @Override
  public int configuration(int offset) {
    byte[] layout = requests.configuration(DiskRequests.SECTOR, 1);
    return offset < layout.length ? layout[offset] & 0xff : 0;
  }

  @Override
  public void configure(int offset, int value) {
    // Nothing of it can be written.
  }

  @Override
  public void accept(long features) {
    // Who does not know how to flush is owed stable storage by each write.
    requests.writeThrough((features & DiskRequests.FLUSH) == 0);
  }

  @Override
  public void abandon(boolean abandoned) {
    disk.abandonAll(abandoned);
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    queue.give(chain, requests.run(chain));
    return true;
  }
}
