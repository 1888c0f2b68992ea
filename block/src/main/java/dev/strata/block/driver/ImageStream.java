// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import java.lang.foreign.MemorySegment;

/**
 * An image that is written from front to back. Its clusters are stored first, by any number of
 * threads, and then added by one thread in the order of their offsets. Those that read as zeroes
 * need not be added.
 *
 * <p>If it {@link #isPlanned}, the whole content is gone through twice: with an output to nowhere,
 * so that the image learns where everything comes to lie, and then with the real one and the same
 * clusters.
 */
public interface ImageStream extends AutoCloseable {
  /** How many bytes of content belong together; a power of two. */
  int clusterSize();

  /** How many bytes a stored cluster may take. */
  int maxStored();

  /** Whether all clusters have to be known before the first byte can be written. */
  boolean isPlanned();

  /**
   * Makes of a cluster what the image is going to hold; thread-safe.
   *
   * @param cluster of {@link #clusterSize} bytes, zeroes behind the disk's end
   * @param room {@link #maxStored} bytes to put it in, off the heap
   * @return a part of {@code room}, or {@code cluster} if it is stored as it is
   */
  MemorySegment store(long offset, MemorySegment cluster, MemorySegment room) throws BlockException;

  /** Begins the image. */
  void begin(StreamOutput output) throws BlockException;

  /** Adds a cluster that lies behind all others added. */
  void add(long offset, MemorySegment stored) throws BlockException;

  /** Ends what was begun: all clusters are added. */
  void end() throws BlockException;

  /** Gives the working memory up. */
  @Override
  void close();
}
