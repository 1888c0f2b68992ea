// SPDX-License-Identifier: Apache-2.0
/** Exports by vhost-user: real guests, and clients that mean harm. */
@NullMarked
package dev.strata.testimages.vhost;

import org.jspecify.annotations.NullMarked;
