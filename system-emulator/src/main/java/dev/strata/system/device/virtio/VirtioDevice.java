// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.BlockException;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.SplitQueue;
import dev.strata.system.state.Saved;
import dev.strata.system.state.StateFields;

/** What a virtio device does, whatever it is connected by. */
public interface VirtioDevice extends Saved {
  /** The device's kind: 2 is a disk. */
  int kind();

  /** The number of the PCI device, as drivers of the time before the standard know it. */
  int transitionalId();

  /** Class, subclass and interface on a PCI bus: 24 bits. */
  int classCode();

  /** The device's own features, below bit 24. */
  long features();

  /** How many queues there are. */
  int queues();

  /** One byte of the configuration; 0 beyond its end. */
  int configuration(int offset);

  /** The guest writes a byte of the configuration. */
  void configure(int offset, int value);

  /** The guest's access to the configuration, of one byte or more, is over. */
  default void configured() {}

  /** The guest has accepted these features; called before any request. */
  void accept(long features);

  /** Says what the device is connected by, before anything else. */
  default void connect(VirtioTransport transport) {}

  /** The guest has reset the device, or the board has; no request is being done. */
  default void reset() {}

  /**
   * From now on a request does not wait for what only the machine's user can do, for the device is
   * about to be reset; or it does again.
   */
  default void abandon(boolean abandoned) {}

  /** What the device remembers beside its features and queues; no request is being begun. */
  @Override
  default void state(StateFields state) throws BlockException {}

  /** How many requests the device does at a time, each on a thread. */
  default int parallelism() {
    return 1;
  }

  /**
   * Does a request and gives it back; called by as many threads at a time as the device said. If
   * there are several, whoever takes a request from the queue holds its lock while it does.
   *
   * @return whether one was done; else the queue is empty
   */
  boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException;
}
