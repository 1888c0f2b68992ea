// SPDX-License-Identifier: Apache-2.0
/** ACPI tables, and how firmware is told to put them into memory. */
@NullMarked
package dev.strata.system.firmware.acpi;

import org.jspecify.annotations.NullMarked;
