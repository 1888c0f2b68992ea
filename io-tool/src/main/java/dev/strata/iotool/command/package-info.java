// SPDX-License-Identifier: Apache-2.0
/**
 * The commands of {@code qemu-io} and the session that they work in: one open image, requests in
 * the background, and output as C's standard streams would buffer it.
 *
 * <p>A {@link Command} is told its words and the {@link Session}; whoever reads the words (a {@code
 * -c} option, a pipe, a prompt) is outside of this package.
 */
@NullMarked
package dev.strata.iotool.command;

import org.jspecify.annotations.NullMarked;
