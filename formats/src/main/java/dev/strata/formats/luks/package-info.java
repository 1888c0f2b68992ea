// SPDX-License-Identifier: Apache-2.0
/**
 * The LUKS1 format: a header with key slots, then the disk, encrypted sector by sector. What does
 * the work is {@link dev.strata.formats.crypto}.
 */
@NullMarked
package dev.strata.formats.luks;

import org.jspecify.annotations.NullMarked;
