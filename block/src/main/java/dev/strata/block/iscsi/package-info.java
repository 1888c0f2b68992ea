// SPDX-License-Identifier: Apache-2.0
/**
 * The driver {@code iscsi}: a logical unit of an iSCSI target, through Debian's libiscsi by JNA.
 *
 * <pre>
 * callers → IscsiDriver → Session.execute ─ sends, waits, tries again what the target was too busy for
 *              │              │   └ loop thread: receives, reconnects, keeps the connection alive
 *              │          Libiscsi (JNA) ── ScsiTask: the library's structure
 *              └ ScsiCommand: memory of one command in flight, used again ── CommandBlock: its bytes
 * </pre>
 *
 * <p>The library is not thread-safe: a lock is held around every call. A caller hands its command
 * over and, while the connection has room, also sends it; the loop receives for all. Data go from
 * and to the callers' memory, which the library gets as a vector.
 *
 * <p>JNA and the library are loaded when the first unit is opened, not before.
 */
@NullMarked
package dev.strata.block.iscsi;

import org.jspecify.annotations.NullMarked;
