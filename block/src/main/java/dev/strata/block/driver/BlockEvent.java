// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.Errno;
import org.jspecify.annotations.Nullable;

/**
 * What befalls a node outside of any reply, and its graph's owner hears of.
 *
 * @see "QEMU qapi/block-core.json, the events"
 */
public sealed interface BlockEvent {
  /** The node that it befell. */
  String node();

  /**
   * An image's metadata cannot be right.
   *
   * @param message what is wrong with them, in words
   * @param offset of the request to the image's file that was refused, in bytes; -1 if it was none
   * @param length of that request in bytes; -1 if it was none
   * @param fatal whether the image is of no use until it is repaired
   */
  record ImageCorrupted(String node, String message, long offset, long length, boolean fatal)
      implements BlockEvent {}

  /**
   * A child of a quorum did not do what it should.
   *
   * @param node the child
   * @param offset in bytes; 0 for a flush
   * @param length in bytes; 0 for a flush
   * @param error what it failed with; null if it read something else than the others
   */
  record QuorumMemberBad(
      String node, QuorumRequest request, long offset, long length, @Nullable Errno error)
      implements BlockEvent {}

  /**
   * Too few children of a quorum agreed, or could be read or written.
   *
   * @param node the quorum
   * @param offset in bytes
   * @param length in bytes
   */
  record QuorumFailed(String node, long offset, long length) implements BlockEvent {}

  /**
   * A write went further than a user wanted to let pass in silence: a host is to make room before
   * it runs out.
   *
   * @param exceeded how many bytes further it went
   * @param threshold in bytes from the start of the node
   */
  record WriteThresholdExceeded(String node, long exceeded, long threshold) implements BlockEvent {}

  /**
   * Copies of which one vouches for the other are not the same: as with the reference, a program
   * that does not want to go on then says so and ends. The request fails otherwise.
   *
   * @param message where they differ, in words
   */
  record ContentsDiffer(String node, String message) implements BlockEvent {}

  /** What a quorum asks of its children. */
  enum QuorumRequest {
    READ("read"),
    WRITE("write"),
    FLUSH("flush");

    private final String word;

    QuorumRequest(String word) {
      this.word = word;
    }

    /** As QMP names it. */
    public String word() {
      return word;
    }
  }
}
