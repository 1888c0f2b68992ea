// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors that a peer passes beside what it writes, by {@code SCM_RIGHTS}. The input stream
 * of a client is one if its socket can carry them. As with the reference, one is kept of each
 * message that has some, until the next such message comes.
 */
public interface PassedDescriptors {
  /** The one that nobody has taken, which is the caller's to close; null if there is none. */
  @Nullable FileDescriptor take() throws BlockException;
}
