// SPDX-License-Identifier: Apache-2.0
/**
 * Damages sound images on purpose and sees to it that whatever becomes of them, nothing worse than
 * an error is the answer.
 *
 * <p>A {@link dev.strata.formats.mutation.Seed} is a sound image; a {@link
 * dev.strata.formats.mutation.Layout} knows its fields; {@link
 * dev.strata.formats.mutation.Mutation} damages some of them; {@link
 * dev.strata.formats.mutation.Trial} does to the result what users do, and holds what must be true
 * then; {@link dev.strata.formats.mutation.Campaign} does that many times.
 */
@NullMarked
package dev.strata.formats.mutation;

import org.jspecify.annotations.NullMarked;
