// SPDX-License-Identifier: Apache-2.0
/**
 * Objects that a user defines beside images and that options refer to by id: {@code --object
 * secret,id=s,file=password}.
 */
@NullMarked
package dev.strata.block.object;

import org.jspecify.annotations.NullMarked;
