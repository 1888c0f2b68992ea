// SPDX-License-Identifier: Apache-2.0
/**
 * Hostile input: what an attacker wrote is fed to every parser, guided by the branches that it
 * takes.
 *
 * <pre>
 * bytes → Damage → an image → FuzzTarget → the parser, in this process, over OneFolder
 *                                 ↑ Trial: time, memory, exceptions, the image unchanged
 * </pre>
 */
@NullMarked
package dev.strata.testimages.fuzz;

import org.jspecify.annotations.NullMarked;
