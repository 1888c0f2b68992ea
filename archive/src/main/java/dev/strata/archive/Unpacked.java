// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.io.IOException;

/** What a compressed file holds, piece by piece. For one thread at a time. */
interface Unpacked extends AutoCloseable {
  /** In bytes. */
  long length();

  /** Where the next byte comes from without going back. */
  long position() throws IOException;

  /**
   * Goes on at {@code offset}.
   *
   * @param offset before {@link #position} only if {@link #canGoBackTo} says so
   */
  void seek(long offset) throws IOException;

  /** Whether it does not cost too much to go back there. */
  boolean canGoBackTo(long offset) throws IOException;

  /** Fills {@code into} with the next bytes, all of which there are. */
  void next(byte[] into, int length) throws IOException;

  /** Frees what unpacking takes; nothing is read any more. */
  @Override
  default void close() {}
}
