// SPDX-License-Identifier: Apache-2.0
/** The codecs of compressed clusters, for the formats that have such. */
@NullMarked
package dev.strata.formats.compression;

import org.jspecify.annotations.NullMarked;
