// SPDX-License-Identifier: Apache-2.0
/**
 * Kernels that are booted as the Multiboot Specification 0.6.96 has it: what their files say of
 * themselves, where they are loaded to, and what they are told.
 */
@NullMarked
package dev.strata.system.firmware.multiboot;

import org.jspecify.annotations.NullMarked;
