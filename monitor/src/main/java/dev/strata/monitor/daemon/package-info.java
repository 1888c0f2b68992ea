// SPDX-License-Identifier: Apache-2.0
/**
 * The storage daemon: images, jobs and exports that a client rules by QMP. What servers there are
 * it does not know: their modules contribute commands as a {@link
 * dev.strata.monitor.daemon.CommandSet}.
 *
 * @see "QEMU docs/tools/qemu-storage-daemon"
 */
@NullMarked
package dev.strata.monitor.daemon;

import org.jspecify.annotations.NullMarked;
