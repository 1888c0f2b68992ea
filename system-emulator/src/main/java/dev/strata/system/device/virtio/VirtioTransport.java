// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

/** What a virtio device is connected by, as the device sees it. Called on any thread. */
public interface VirtioTransport {
  /** Leads nowhere. */
  VirtioTransport NONE =
      new VirtioTransport() {
        @Override
        public void attend(int queueIndex) {}

        @Override
        public void configurationChanged() {}
      };

  /** The device has something to do at a queue, though the guest has not notified it. */
  void attend(int queueIndex);

  /** The configuration is another one: the guest is told, if it has a driver. */
  void configurationChanged();
}
