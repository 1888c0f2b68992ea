// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code copy-before-write}: before a cluster is written for the first time, what it
 * held is copied to another disk. The two together still have the disk as it was.
 *
 * <pre>
 *   write ──▶ still to be copied? ── yes ──▶ file ──▶ target, then
 *     └───────────────────────────── no ───▶ file
 *   snapshot: to be copied ? file : target
 * </pre>
 */
@NullMarked
package dev.strata.block.filter.copybeforewrite;

import org.jspecify.annotations.NullMarked;
