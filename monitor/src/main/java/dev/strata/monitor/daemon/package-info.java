// SPDX-License-Identifier: Apache-2.0
/**
 * The storage daemon: images, jobs and exports that a client rules by QMP.
 *
 * @see "QEMU docs/tools/qemu-storage-daemon"
 */
@NullMarked
package dev.strata.monitor.daemon;

import org.jspecify.annotations.NullMarked;
