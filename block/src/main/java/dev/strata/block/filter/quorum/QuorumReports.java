// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.BlockEvent.ContentsDiffer;
import dev.strata.block.driver.BlockEvent.QuorumFailed;
import dev.strata.block.driver.BlockEvent.QuorumMemberBad;
import dev.strata.block.driver.BlockEvent.QuorumRequest;
import dev.strata.block.driver.OpenContext;

/** Tells of one request that not all children fulfilled. */
final class QuorumReports {
  private final OpenContext context;
  private final QuorumRequest request;
  private final long offset;
  private final long length;

  /**
   * Of a request to all children.
   *
   * @param offset in bytes; 0 for a flush
   * @param length in bytes; 0 for a flush
   */
  QuorumReports(OpenContext context, QuorumRequest request, long offset, long length) {
    this.context = context;
    this.request = request;
    this.offset = offset;
    this.length = length;
  }

  /** The child could not do it. */
  void failed(Child child, BlockException error) {
    context.tell(new QuorumMemberBad(child.nodeName(), request, offset, length, error.errno()));
  }

  /** The child read something else than the others. */
  void outvoted(Child child) {
    context.tell(new QuorumMemberBad(child.nodeName(), request, offset, length, null));
  }

  /** There are two copies, and one is not as the other. */
  void differ(String message) {
    context.tell(new ContentsDiffer(context.nodeName(), message));
  }

  /** Too few agree: the request fails. */
  void noQuorum() {
    context.tell(new QuorumFailed(context.nodeName(), offset, length));
  }
}
