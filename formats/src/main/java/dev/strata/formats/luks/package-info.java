// SPDX-License-Identifier: Apache-2.0
/**
 * The LUKS formats: a header with key slots, then the disk, encrypted sector by sector. Version 1
 * is read and written, version 2 only read. What does the work is {@link
 * dev.strata.formats.crypto}.
 */
@NullMarked
package dev.strata.formats.luks;

import org.jspecify.annotations.NullMarked;
