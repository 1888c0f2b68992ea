// SPDX-License-Identifier: Apache-2.0
/** The PCI bus, its configuration space, and the bridges of the i440FX board. */
@NullMarked
package dev.strata.system.device.pci;

import org.jspecify.annotations.NullMarked;
