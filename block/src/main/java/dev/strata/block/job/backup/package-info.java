// SPDX-License-Identifier: Apache-2.0
/**
 * A copy of a disk as it is at one moment, while it goes on being written: a filter {@code
 * copy-before-write} saves what is about to change, the job has it save the rest.
 */
@NullMarked
package dev.strata.block.job.backup;

import org.jspecify.annotations.NullMarked;
