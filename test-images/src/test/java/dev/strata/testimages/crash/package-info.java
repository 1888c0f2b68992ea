// SPDX-License-Identifier: Apache-2.0
/**
 * What a power cut may leave of an image, and whether anything that was flushed is lost by it.
 *
 * <pre>
 *   Workload ──▶ graph: format ──▶ blklogwrites ──▶ MemoryFile "image"
 *                                        └───────▶ MemoryFile "image.log" (dm-log-writes)
 *   the logs ──▶ Recording ──▶ PowerCuts ── each state ──▶ Judge: open, check, repair, read
 *                                                            ▲
 *   what the guest did ──▶ GuestModel ── allowed values ─────┘
 * </pre>
 *
 * <p>{@code SabotageTest} breaks one rule of order at a time in the classes under test and asks
 * whether the explorer notices.
 */
@NullMarked
package dev.strata.testimages.crash;

import org.jspecify.annotations.NullMarked;
