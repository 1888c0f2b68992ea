// SPDX-License-Identifier: Apache-2.0
/**
 * The QEMU Monitor Protocol: JSON commands in, replies and events out.
 *
 * <pre>
 *   client ──▶ characters ──▶ JsonStream ──▶ QmpSession ──▶ QmpCommands (one at a time)
 *   client ◀── QmpOutput (queue) ◀── replies, and QmpEvents from any thread
 * </pre>
 *
 * @see "QEMU docs/interop/qmp-spec"
 */
@NullMarked
package dev.strata.monitor.qmp;

import org.jspecify.annotations.NullMarked;
