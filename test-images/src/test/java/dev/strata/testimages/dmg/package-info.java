// SPDX-License-Identifier: Apache-2.0
/** Disk images of Apple's, with the programs that read them too. */
@NullMarked
package dev.strata.testimages.dmg;

import org.jspecify.annotations.NullMarked;
