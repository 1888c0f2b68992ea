// SPDX-License-Identifier: Apache-2.0
/**
 * What clients can ask of nodes, jobs, objects and character devices, in whatever program: the
 * storage daemon, or one that runs a machine. What servers there are it does not know: their
 * modules contribute commands as a {@link dev.strata.monitor.command.CommandSet}.
 *
 * @see "QEMU qapi/block-core.json, job.json, qom.json, char.json, transaction.json"
 */
@NullMarked
package dev.strata.monitor.command;

import org.jspecify.annotations.NullMarked;
