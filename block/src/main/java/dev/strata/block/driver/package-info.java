// SPDX-License-Identifier: Apache-2.0
/**
 * What a block driver implements and what it may ask of the graph around it. A driver sees its
 * children as {@link dev.strata.block.Child}, never the graph.
 *
 * <pre>
 *   graph ── opens ──▶ BlockDriverFactory ──▶ BlockDriver ── Child "file" ──▶ graph ──▶ BlockDriver
 *                                              ├ MappedImage   (a format: where do bytes lie?)
 *                                              └ FilterDriver  (passes requests on)
 * </pre>
 */
@NullMarked
package dev.strata.block.driver;

import org.jspecify.annotations.NullMarked;
