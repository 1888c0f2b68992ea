// SPDX-License-Identifier: Apache-2.0
/** The DMA controllers of the ISA bus. */
@NullMarked
package dev.strata.system.device.dma;

import org.jspecify.annotations.NullMarked;
