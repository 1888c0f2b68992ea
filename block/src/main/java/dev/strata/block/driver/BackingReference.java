// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import org.jspecify.annotations.Nullable;

/**
 * The backing file that an image names.
 *
 * @param filename as stored: relative to the image's folder, or any name that can be opened
 * @param format the stored driver name, or null if it is to be guessed
 */
public record BackingReference(String filename, @Nullable String format) {}
