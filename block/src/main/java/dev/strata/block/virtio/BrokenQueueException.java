// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.virtio;

/** The guest has made a queue unusable; the device needs a reset. */
@SuppressWarnings("serial")
public final class BrokenQueueException extends Exception {
  /**
   * What is wrong with the queue or a request.
   *
   * @param what for people
   */
  public BrokenQueueException(String what) {
    super(what);
  }
}
