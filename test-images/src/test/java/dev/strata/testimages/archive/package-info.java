// SPDX-License-Identifier: Apache-2.0
/** Images in archives, made by the usual programs. */
@NullMarked
package dev.strata.testimages.archive;

import org.jspecify.annotations.NullMarked;
