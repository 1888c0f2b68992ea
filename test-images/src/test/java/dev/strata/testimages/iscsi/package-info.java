// SPDX-License-Identifier: Apache-2.0
/** iSCSI targets, seen through both tools. */
@NullMarked
package dev.strata.testimages.iscsi;

import org.jspecify.annotations.NullMarked;
