// SPDX-License-Identifier: Apache-2.0
/**
 * Long work that is watched, paused and ended from outside.
 *
 * <pre>
 *   created ─▶ running ⇄ paused
 *                │ └──▶ ready ⇄ standby
 *                ▼          │
 *             waiting ◀─────┘        cancelled or failed: aborting
 *                ▼                                           │
 *             pending ── finalized ─▶ concluded ◀────────────┘
 *                                        ▼ dismissed
 *                                       null
 * </pre>
 *
 * @see "QEMU qapi/job.json, JobStatus and JobVerb"
 */
@NullMarked
package dev.strata.block.job;

import org.jspecify.annotations.NullMarked;
