// SPDX-License-Identifier: Apache-2.0
/**
 * A folder of the host as a FAT disk: names and places are fixed when it is opened, what files hold
 * is read when it is asked for. Of one that a guest may change, what it writes lies over that, and
 * at each flush goes the other way.
 *
 * <pre>
 *   folder ── FolderTree ──▶ entries with clusters ── FatVolume ──▶ sectors
 *                FatLayout: how many clusters there are, and where
 *
 *   folder ◀── FolderChange ── FolderPlan ◀── entries ◀── DiskTree ── WrittenDisk
 *   HostFolder: by open folders          what is known of the folder
 * </pre>
 *
 * @see "Microsoft FAT32 File System Specification 1.03"
 */
@NullMarked
package dev.strata.formats.vvfat;

import org.jspecify.annotations.NullMarked;
