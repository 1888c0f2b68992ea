// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.util.Optional;

/**
 * An edge of the graph as the driver above it sees it.
 *
 * <p>Reads beyond the child's end give zeroes; writes beyond it grow the child if it can grow.
 */
public interface Child extends BlockIo {
  /** The edge's name: {@code file}, {@code backing}, {@code data-file}. */
  String name();

  EdgeRole role();

  /** The file name of the node below, as messages give it; may be a {@code json:} name. */
  String filename();

  /** The name of the node below. */
  String nodeName();

  /** The driver's name of the node below. */
  String driverName();

  Limits limits();

  /** Whether requests that write may come through this edge now. */
  boolean writable();

  /** What the driver below can do beyond reading and writing; filters are looked through. */
  <C> Optional<C> capability(Class<C> type);

  /** Whether a node that has just been created below reads as zeroes where nothing was written. */
  boolean readsZeroAfterCreate();

  /**
   * How many bytes of the host's storage the child takes, holes not counted; negative if that
   * cannot be told.
   */
  long allocatedSize() throws BlockException;

  /**
   * Copies bytes of a file into this child as a write would, without the bytes passing through this
   * process.
   *
   * @return how many bytes were copied, perhaps less than {@code length}; 0 if that cannot be done
   * @see dev.strata.block.driver.BlockDriver#copyFrom
   */
  long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException;

  /** Tells a fault injector below, if there is one, what the caller is about to do. */
  void event(DebugEvent event) throws BlockException;
}
