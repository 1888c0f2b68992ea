// SPDX-License-Identifier: Apache-2.0
/**
 * The drivers that reach files of the host: {@code file} and {@code host_device}. On Linux they use
 * the kernel's own calls, elsewhere {@link java.nio.channels.FileChannel}.
 */
@NullMarked
package dev.strata.block.file;

import org.jspecify.annotations.NullMarked;
