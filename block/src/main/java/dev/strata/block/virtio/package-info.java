// SPDX-License-Identifier: Apache-2.0
/**
 * What a virtio disk does, whoever the guest is and whatever it is connected by: a device of an
 * emulated board, or another process by vhost-user.
 *
 * <pre>
 *   GuestMemory ── SplitQueue ──► Chain ──► DiskRequests ──► GuestDrive
 *        ▲              ▲                        │
 *        └── pages ─────┴──── written, used ◄────┘
 * </pre>
 *
 * <p>The guest's pages are the buffers of the requests. All that is read from them is hostile, and
 * may change while it is looked at: each number is read once and checked.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.2"
 */
@NullMarked
package dev.strata.block.virtio;

import org.jspecify.annotations.NullMarked;
