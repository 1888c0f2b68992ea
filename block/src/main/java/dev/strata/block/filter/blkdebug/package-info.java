// SPDX-License-Identifier: Apache-2.0
/**
 * The filter {@code blkdebug}: injects errors into requests and halts them, by rules about what the
 * driver above says that it is doing.
 *
 * <pre>
 *   driver above ── event ──▶ BlkdebugDriver ──▶ RuleEngine: state, active errors, breakpoints
 *   driver above ── request ─▶ BlkdebugDriver ── error? ──▶ RuleEngine
 *                                  └── request ──▶ child "image"
 * </pre>
 *
 * @see "QEMU docs/devel/blkdebug.txt"
 */
@NullMarked
package dev.strata.block.filter.blkdebug;

import org.jspecify.annotations.NullMarked;
