// SPDX-License-Identifier: Apache-2.0
/**
 * A board that somebody drives from outside, in QEMU's line protocol qtest.
 *
 * <pre>
 *   character device → Session (lines, log) → Protocol → DrivenBoard: ports, memory, clock
 *                    ← IRQ raise N, IRQ lower N        ← ChipPins
 * </pre>
 */
@NullMarked
package dev.strata.system.qtest;

import org.jspecify.annotations.NullMarked;
