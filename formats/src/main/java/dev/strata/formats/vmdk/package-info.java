// SPDX-License-Identifier: Apache-2.0
/**
 * VMware's virtual disks: a descriptor, which is text, and extents. Flat extents hold the disk's
 * bytes as they are, sparse ones grains, to which a grain directory and grain tables lead.
 *
 * <pre>
 *   VmdkImage ── which extent? ─▶ FlatExtent ─────────────────────── "file", "extents.N"
 *      │                          SparseExtent ── grain tables, FileEnd ── the same
 *      │                             └─ PackedGrains (streamOptimized)
 *      │                          SeSparseExtent
 *      └── CID ─▶ DescriptorPlace ─▶ VmdkDescriptor ── "file"
 * </pre>
 *
 * @see "VMware Virtual Disk Format 1.1 and 5.0; libyal, VMWare Virtual Disk Format (VMDK)"
 */
@NullMarked
package dev.strata.formats.vmdk;

import org.jspecify.annotations.NullMarked;
