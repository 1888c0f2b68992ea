// SPDX-License-Identifier: Apache-2.0
/** What servers of disks share, by whatever protocol their clients come. */
@NullMarked
package dev.strata.block.serve;

import org.jspecify.annotations.NullMarked;
