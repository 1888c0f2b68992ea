// SPDX-License-Identifier: Apache-2.0
/** What programs can ask of a machine, and what they are told of it, by QMP. */
@NullMarked
package dev.strata.system.qmp;

import org.jspecify.annotations.NullMarked;
