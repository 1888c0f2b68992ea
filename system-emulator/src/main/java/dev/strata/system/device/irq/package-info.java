// SPDX-License-Identifier: Apache-2.0
/** Interrupt controllers of a PC: the 8259A pair, the local APIC, the I/O APIC. */
@NullMarked
package dev.strata.system.device.irq;

import org.jspecify.annotations.NullMarked;
