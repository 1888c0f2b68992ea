// SPDX-License-Identifier: Apache-2.0
/**
 * Translates decoded blocks that run often to bytecode; knows no guest architecture.
 *
 * <pre>
 * hot block → RegionFormer: blocks its branches lead to → RegionEmitter: a class file
 *       → hidden class → Region, which the interpreter runs instead of the block
 * </pre>
 */
@NullMarked
package dev.strata.system.cpu.translate;

import org.jspecify.annotations.NullMarked;
