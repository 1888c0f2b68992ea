// SPDX-License-Identifier: Apache-2.0
/** The x86 processors: registers, decoder, segments, paging, interrupts (Intel SDM, AMD APM). */
@NullMarked
package dev.strata.system.cpu.x86;

import org.jspecify.annotations.NullMarked;
