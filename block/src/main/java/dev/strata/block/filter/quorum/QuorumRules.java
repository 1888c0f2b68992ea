// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

/**
 * How children decide.
 *
 * @param threshold how many have to agree, 1 to their number
 * @param firstAnswers whether the first child that can is read, and nobody compares
 * @param verifies whether a difference between two children is told in detail
 * @param rewrites whether children that were outvoted get what the others have
 */
record QuorumRules(int threshold, boolean firstAnswers, boolean verifies, boolean rewrites) {}
