// SPDX-License-Identifier: Apache-2.0
/**
 * Snapshots of a machine with its disks: the disks keep theirs, and one of them keeps the machine's
 * state beside its content.
 *
 * @see "QEMU docs/interop/qcow2, Snapshots"
 */
@NullMarked
package dev.strata.system.snapshot;

import org.jspecify.annotations.NullMarked;
