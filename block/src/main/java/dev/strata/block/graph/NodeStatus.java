// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;

/** What a node says of a range: the driver's answer in whole blocks, and what no layer holds. */
final class NodeStatus {
  private final BlockNode node;
  private final NodeRequests requests;
  private final BlockDriver driver;

  NodeStatus(BlockNode node, NodeRequests requests, BlockDriver driver) {
    this.node = node;
    this.requests = requests;
    this.driver = driver;
  }

  /** Answers for the first bytes of a range; see {@link NodeRequests#status}. */
  Extent of(long offset, long length, StatusDetail detail) throws BlockException {
    long all = requests.length();
    if (offset >= all || length == 0) {
      throw BlockException.of(Errno.EINVAL, "Status of nothing at offset " + offset);
    }
    length = Math.min(length, all - offset);
    long mask = driver.passesStatusOn() ? 0 : requests.limits().requestAlignment() - 1L;
    long start = offset & ~mask;
    long end = (offset + length + mask) & ~mask;
    Extent extent = driver.status(start, end - start, detail);
    if ((extent.length() & mask) != 0) {
      extent = aligned(extent, mask, detail);
    }
    if (start != offset || extent.length() > length) {
      extent = extent.part(offset, length);
    }
    if (!extent.allocated() && node.supportsBacking() && !extent.zero()) {
      extent = unallocated(extent);
    }
    return extent.offset() + extent.length() == all ? extent.asEnd() : extent;
  }

  /** Ends an answer at a unit of addressing: one that is not of one kind counts as data. */
  private Extent aligned(Extent extent, long mask, StatusDetail detail) throws BlockException {
    long start = extent.offset();
    if (extent.length() > mask) {
      return extent.part(start, extent.length() & ~mask);
    }
    Extent data = extent;
    for (long at = start + extent.length(); at <= start + mask; ) {
      Extent next = driver.status(at, start + mask + 1 - at, detail);
      data = next.data() ? next : data;
      at += next.length();
    }
    return new Extent(
        start,
        mask + 1,
        data.data(),
        data.zero(),
        data.allocated(),
        data.compressed(),
        data.file(),
        data.hasPlace() ? data.fileOffset() - (data.offset() - start) : -1,
        false);
  }

  /** What no layer below holds either reads as zeroes. */
  private Extent unallocated(Extent extent) {
    Edge backing = node.backing();
    if (backing == null) {
      return extent.asZero();
    }
    long covered = backing.length() - extent.offset();
    return covered <= 0 ? extent.asZero() : extent;
  }
}
