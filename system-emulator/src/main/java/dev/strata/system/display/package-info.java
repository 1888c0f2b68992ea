// SPDX-License-Identifier: Apache-2.0
/** Where pictures of screens go. */
@NullMarked
package dev.strata.system.display;

import org.jspecify.annotations.NullMarked;
