// SPDX-License-Identifier: Apache-2.0
/** What is promised to those who take images from strangers. */
@NullMarked
package dev.strata.testimages.safety;

import org.jspecify.annotations.NullMarked;
