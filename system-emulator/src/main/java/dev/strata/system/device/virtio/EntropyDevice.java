// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.SplitQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Gives the guest random bytes.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2, 5.4 Entropy Device"
 */
public final class EntropyDevice implements VirtioDevice {
  // A device may give less than was asked for, but one byte at least.
  private static final int MOST = 4096;

  private final EntropySource source;

  /** A device that gives what {@code source} has. */
  public EntropyDevice(EntropySource source) {
    this.source = source;
  }

  @Override
  public int kind() {
    return 4;
  }

  @Override
  public int transitionalId() {
    return 0x1005;
  }

  @Override
  public int classCode() {
    return 0x00ff00;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public int queues() {
    return 1;
  }

  @Override
  public int configuration(int offset) {
    return 0;
  }

  @Override
  public void configure(int offset, int value) {
    // There is nothing to be configured.
  }

  @Override
  public void accept(long features) {
    // There are none.
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    var bytes = new byte[(int) Math.min(chain.writable().length(), MOST)];
    try {
      source.fill(bytes);
    } catch (IOException e) {
      // A guest that is given nothing would ask again at once, for ever.
      throw new BrokenQueueException("no entropy: " + e.getMessage());
    }
    chain.writable().copyFrom(0, MemorySegment.ofArray(bytes));
    queue.give(chain, bytes.length);
    return true;
  }
}
