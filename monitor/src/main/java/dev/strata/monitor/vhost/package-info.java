// SPDX-License-Identifier: Apache-2.0
/**
 * A disk for the guests of other processes, by vhost-user: they pass descriptors of their memory
 * and of the events of virtqueues over a Unix socket, and the disk is read and written right there.
 *
 * <pre>
 *   VhostUserServer ── FrontEnd ── Message        one client after the other
 *                         │
 *            MemoryTable ◄┴► Ring … Ring ──► DiskRequests ──► BlockBackend
 *                              (a thread each, and more while requests wait)
 * </pre>
 *
 * <p>Everything from a client is hostile. Memory that its owner could take away again is not given
 * to the block layer: the kernel copies it.
 *
 * @see "QEMU docs/interop/vhost-user"
 */
@NullMarked
package dev.strata.monitor.vhost;

import org.jspecify.annotations.NullMarked;
