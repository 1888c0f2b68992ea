// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

/**
 * A file that is loaded with a kernel, for what the kernel likes.
 *
 * @param text what the kernel is told of it: its name and arguments
 */
public record BootModule(String text, byte[] content) {}
