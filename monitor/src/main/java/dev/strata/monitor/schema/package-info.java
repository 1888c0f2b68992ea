// SPDX-License-Identifier: Apache-2.0
/**
 * The interface of QMP as data: which commands there are, and what their arguments may be. One text
 * says it, {@code storage-daemon.schema} beside the classes.
 *
 * @see "QEMU docs/devel/qapi-code-gen"
 */
@NullMarked
package dev.strata.monitor.schema;

import org.jspecify.annotations.NullMarked;
