// SPDX-License-Identifier: Apache-2.0
/** What the command lines of all tools share. */
@NullMarked
package dev.strata.monitor.commandline;

import org.jspecify.annotations.NullMarked;
