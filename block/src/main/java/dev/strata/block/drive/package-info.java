// SPDX-License-Identifier: Apache-2.0
/**
 * Drives of a guest: what is between a device and the graph.
 *
 * <pre>
 *   device ──▶ GuestDrive ──▶ MediumSlot ──▶ BlockBackend ──▶ graph
 *                │     │
 *                │     └ fails: ErrorPolicy ─▶ report, ignore, or HeldRequests until cont
 *                └ DriveCounts, LatencyHistogram
 * </pre>
 *
 * <p>A request runs on its caller's thread and returns when it is done, however often it has to be
 * tried. Nothing is allocated for one that succeeds.
 */
@NullMarked
package dev.strata.block.drive;

import org.jspecify.annotations.NullMarked;
