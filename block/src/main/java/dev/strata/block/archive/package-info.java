// SPDX-License-Identifier: Apache-2.0
/**
 * What Strata has other people's libraries for when it comes to compressed files: a service, whose
 * module is loaded at first use; and the blocks of xz files, which the host's liblzma decodes.
 */
@NullMarked
package dev.strata.block.archive;

import org.jspecify.annotations.NullMarked;
