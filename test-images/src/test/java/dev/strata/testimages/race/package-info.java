// SPDX-License-Identifier: Apache-2.0
/**
 * Many users of one image at once. Under {@link dev.strata.testimages.race.Turns} they take turns
 * on one thread, in an order that a seed decides, so that what goes wrong goes wrong again; {@link
 * dev.strata.testimages.race.TurnLoader} has the code under test ask for its turn wherever it asks
 * for a lock. The same users on threads of their own are the soak.
 */
@NullMarked
package dev.strata.testimages.race;

import org.jspecify.annotations.NullMarked;
