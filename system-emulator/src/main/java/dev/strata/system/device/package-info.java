// SPDX-License-Identifier: Apache-2.0
/**
 * What devices have in common. Each kind of device has a package of its own below this one, named
 * after what it is on the board; none knows a processor.
 *
 * <p>A device has its own lock, which it holds while it drives its interrupt line: locks are taken
 * from the device towards the interrupt controllers, never back. Registers take every value, in any
 * order and width, from a guest that means harm: what makes no sense is ignored, and reads of what
 * is not there have all bits set or clear as on the real board.
 */
@NullMarked
package dev.strata.system.device;

import org.jspecify.annotations.NullMarked;
