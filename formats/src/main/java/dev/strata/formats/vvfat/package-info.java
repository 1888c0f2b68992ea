// SPDX-License-Identifier: Apache-2.0
/**
 * A folder of the host as a FAT disk, for reading: names and places are fixed when it is opened,
 * what files hold is read when it is asked for.
 *
 * <pre>
 *   folder ── FolderTree ──▶ entries with clusters ── FatVolume ──▶ sectors
 *                FatLayout: how many clusters there are, and where
 * </pre>
 *
 * @see "Microsoft FAT32 File System Specification 1.03"
 */
@NullMarked
package dev.strata.formats.vvfat;

import org.jspecify.annotations.NullMarked;
