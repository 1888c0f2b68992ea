// SPDX-License-Identifier: Apache-2.0
/**
 * The program {@code qemu-io}: its command line, and the ways in which commands reach it.
 *
 * <pre>
 * -c, pipe, prompt → QemuIo → command.Session → block.graph
 * </pre>
 */
@NullMarked
package dev.strata.iotool;

import org.jspecify.annotations.NullMarked;
