// SPDX-License-Identifier: Apache-2.0
/**
 * The graph of block nodes: who uses whom, with which permissions, and what happens to a request
 * before a driver sees it.
 *
 * <pre>
 *  user ── BlockBackend ──▶ BlockNode ── Edge "file" ──▶ BlockNode ── …
 *             gate             │   └──── Edge "backing" ─▶ BlockNode
 *                         NodeRequests: bounds, zero detection, dirty bitmaps, flush, size
 *                              ▼
 *                         PaddedRequests: alignment, bounce buffers
 *                              ▼
 *                         DriverRequests: splitting, overlap, flags the driver has not
 *                              ▼
 *                         BlockDriver
 * </pre>
 */
@NullMarked
package dev.strata.block.graph;

import org.jspecify.annotations.NullMarked;
