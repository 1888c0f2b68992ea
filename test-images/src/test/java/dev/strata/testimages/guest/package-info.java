// SPDX-License-Identifier: Apache-2.0
/** Guests that the emulator boots from images. */
@NullMarked
package dev.strata.testimages.guest;

import org.jspecify.annotations.NullMarked;
