// SPDX-License-Identifier: Apache-2.0
/**
 * Tables that say where a disk's clusters lie: read when asked for, kept in a bounded amount of
 * memory, and written back after the data that they point to.
 *
 * <pre>
 *   TwoLevelMap ─▶ FileEnd: where new tables go
 *       ▼
 *   MapTables ──▶ EntryTable (first level) ──┐
 *       └──────▶ TableCache ─▶ EntryTable ... ─┴─ "file"
 * </pre>
 */
@NullMarked
package dev.strata.formats.table;

import org.jspecify.annotations.NullMarked;
