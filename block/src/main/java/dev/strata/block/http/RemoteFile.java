// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import java.lang.foreign.MemorySegment;

/** A file that a server has. Thread-safe: requests may be at the server at the same time. */
interface RemoteFile extends AutoCloseable {
  /**
   * How long the file is, in bytes.
   *
   * @throws BlockException if the server does not say so, or gives no parts of it
   */
  long length() throws BlockException;

  /**
   * Fills {@code into} with the file's bytes from {@code offset} on, all of which are in the file.
   *
   * @throws BlockException with EIO, the reason for which has been told as a warning
   */
  void read(long offset, MemorySegment into) throws BlockException;

  /** Ends all connections. */
  @Override
  void close();
}
