// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

/**
 * What a user says of any job.
 *
 * @param id a name that no other job has now
 * @param speed bytes a second; 0 for as fast as it goes
 * @param autoFinalize whether it ends its work without being told to
 * @param autoDismiss whether it is forgotten when it has ended
 */
public record JobSettings(String id, long speed, boolean autoFinalize, boolean autoDismiss) {}
