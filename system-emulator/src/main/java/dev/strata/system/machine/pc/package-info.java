// SPDX-License-Identifier: Apache-2.0
/** The PC with the i440FX and PIIX3. */
@NullMarked
package dev.strata.system.machine.pc;

import org.jspecify.annotations.NullMarked;
