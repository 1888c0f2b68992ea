// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;

/**
 * What can only be read: every change is refused with EACCES, and there is nothing to flush. Who
 * looks at permissions never gets that far.
 */
public interface ReadOnlyIo extends BlockIo {
  @Override
  default void write(long offset, IoVector from, int flags) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  default void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  default void discard(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EACCES);
  }

  @Override
  default void flush() {}
}
