// SPDX-License-Identifier: Apache-2.0
/** Compressed files, by Apache Commons Compress. */
@NullMarked
package dev.strata.archive;

import org.jspecify.annotations.NullMarked;
