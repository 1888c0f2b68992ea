// SPDX-License-Identifier: Apache-2.0
/**
 * Disk images of the Bochs emulator of the type {@code growing}, for reading: a header, a catalog
 * with an entry for each extent of the disk, then the extents that were written to, in the order of
 * their first writes. Each begins with a bitmap that says which of its sectors there are.
 *
 * <pre>
 *   | header | catalog | bitmap, sectors | bitmap, sectors | ...
 *                 └── number of an extent ──┘
 * </pre>
 *
 * @see "Bochs Developers Guide, Harddisk Images based on redologs"
 */
@NullMarked
package dev.strata.formats.bochs;

import org.jspecify.annotations.NullMarked;
