// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

/**
 * Extensions of the protocol.
 *
 * @see "QEMU docs/interop/vhost-user, Protocol features"
 */
final class ProtocolFeatures {
  static final long MULTIPLE_QUEUES = 1;
  static final long REPLY_ACK = 1 << 3;
  static final long CONFIG = 1 << 9;
  static final long CONFIGURE_MEM_SLOTS = 1 << 15;

  static final long ALL = MULTIPLE_QUEUES | REPLY_ACK | CONFIG | CONFIGURE_MEM_SLOTS;

  private ProtocolFeatures() {}
}
