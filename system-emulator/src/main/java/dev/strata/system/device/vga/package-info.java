// SPDX-License-Identifier: Apache-2.0
/**
 * The standard VGA with the Bochs VBE extensions. The guest writes registers and video memory; a
 * {@link dev.strata.system.device.vga.Picture} of them is made when somebody looks.
 *
 * <pre>
 * ports 3B0h..3DFh -> VgaRegisters -> Picture <- VideoMemory <- MemoryWindow <- A0000h..BFFFFh
 * ports 1CEh, 1CFh -> BochsDisplay ----^             ^- base address register 0
 * </pre>
 */
@NullMarked
package dev.strata.system.device.vga;

import org.jspecify.annotations.NullMarked;
