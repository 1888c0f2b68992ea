// SPDX-License-Identifier: Apache-2.0
/** The format that is none: the file's bytes are the guest's, all of them or a window of them. */
@NullMarked
package dev.strata.formats.raw;

import org.jspecify.annotations.NullMarked;
