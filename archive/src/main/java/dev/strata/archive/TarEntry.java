// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import org.jspecify.annotations.Nullable;

/**
 * A file in a tar.
 *
 * @param start of its data in the archive
 * @param size of its data in the archive, in bytes
 * @param holes what it has beside the data; null if nothing
 */
record TarEntry(String name, long start, long size, @Nullable SparseMap holes) {}
