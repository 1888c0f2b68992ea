// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

/**
 * What a job uses a node as, for messages.
 *
 * @param job as in {@code stream job 'j'}
 * @param role as in {@code intermediate node}
 */
public record JobPart(String job, String role) {}
