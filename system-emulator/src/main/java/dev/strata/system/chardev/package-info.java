// SPDX-License-Identifier: Apache-2.0
/** Where the bytes of serial lines come from and go to. */
@NullMarked
package dev.strata.system.chardev;

import org.jspecify.annotations.NullMarked;
