// SPDX-License-Identifier: Apache-2.0
/**
 * Linux's file calls that the JDK does not offer, and the one place of Strata that uses the foreign
 * function interface.
 *
 * <p>{@link dev.strata.block.posix.Posix#isAvailable} says, without loading any of it, whether the
 * rest may be used. All calls go through one method handle for the C library's {@code syscall(2)}:
 * preparing a handle costs tens of milliseconds at its first use, so there is one, and it is
 * prepared when the first call is made. The tools spare themselves that by a library of one
 * function, which their build writes. Whatever needs no such call should be done with the JDK.
 *
 * <pre>
 *   FileDescriptor ◄── FileSpace, AdvisoryLocks, BlockDevice
 *         └───────────────┬──────────────┘
 *                     SystemCall ── Scratch (errno and small structures, one a thread)
 *                ┌────────┴────────┐
 *           DirectCall       one method handle
 *                └──── the kernel ─┘
 * </pre>
 */
@NullMarked
package dev.strata.block.posix;

import org.jspecify.annotations.NullMarked;
