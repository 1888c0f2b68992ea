// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/** A factory that can tell beforehand how large an image gets. */
public interface Measurable {
  /**
   * The sizes of an image, in bytes.
   *
   * @param required by the data as they are
   * @param fullyAllocated if every byte is written
   * @param bitmaps what copying the source's persistent bitmaps takes on top; -1 if there are none
   *     to speak of
   */
  record Measurement(long required, long fullyAllocated, long bitmaps) {}

  /**
   * Computes the sizes of an image with those creation options.
   *
   * @param source the content, as its guest sees it, or null if only {@code size} among the options
   *     is known
   */
  Measurement measure(BlockOptions options, @Nullable Source source) throws BlockException;

  /**
   * As {@link #measure(BlockOptions, Source)}, for options that may name objects.
   *
   * @param objects that are defined
   */
  default Measurement measure(BlockOptions options, @Nullable Source source, ObjectRegistry objects)
      throws BlockException {
    return measure(options, source);
  }

  /** Content to be measured, with what its format knows beyond bytes. */
  interface Source extends ReadOnlyIo {
    /** What the content's format can do. */
    <C> java.util.Optional<C> capability(Class<C> type);

    @Override
    default void truncate(long length, boolean exact, Preallocation mode, int flags)
        throws BlockException {
      throw BlockException.of(Errno.EACCES);
    }
  }
}
