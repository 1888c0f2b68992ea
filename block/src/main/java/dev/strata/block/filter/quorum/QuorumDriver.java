// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.RequestRanges;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockEvent.QuorumRequest;
import dev.strata.block.driver.ChildSet;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sends every request to all children, one after the other, and counts. */
final class QuorumDriver implements BlockDriver, ChildSet {
  private final OpenContext context;
  private volatile List<Child> children; // changes with no request in flight
  private final QuorumRules rules;
  private final RequestRanges ranges = new RequestRanges();
  private int next; // of the names that children get; under the graph's lock

  /** A disk on {@code children}, at least one. */
  QuorumDriver(OpenContext context, List<Child> children, QuorumRules rules) {
    this.context = context;
    this.children = children;
    this.rules = rules;
    this.next = children.size();
  }

  @Override
  public Limits limits() {
    Limits all =
        Limits.NONE.withWriteZeroes(
            1, 0, RequestFlags.MAY_UNMAP | RequestFlags.NO_FALLBACK | RequestFlags.FUA);
    for (Child child : children) {
      Limits each = child.limits();
      all =
          all.withRequestAlignment(Math.max(all.requestAlignment(), each.requestAlignment()))
              .withMemoryAlignment(Math.max(all.memoryAlignment(), each.memoryAlignment()));
    }
    return all;
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    needed.addAll(permissions.needed());
    needed.remove(Permission.RESIZE); // it has one size
    if (rules.rewrites()) {
      needed.add(Permission.WRITE);
    }
    // Whoever else wrote to one child would make it differ from the others.
    Set<Permission> shared = EnumSet.of(Permission.WRITE_UNCHANGED);
    if (permissions.shared().contains(Permission.CONSISTENT_READ)) {
      shared.add(Permission.CONSISTENT_READ);
    }
    return new Permissions(needed, shared);
  }

  @Override
  public String nameForChild() throws BlockException {
    if (rules.verifies()) {
      throw new BlockException(Errno.EINVAL, "Cannot add a child to a quorum in blkverify mode");
    }
    return QuorumFactory.CHILDREN + "." + next;
  }

  @Override
  public void added(Child child) {
    var more = new ArrayList<>(children);
    more.add(child);
    children = List.copyOf(more);
    next++;
  }

  @Override
  public void remove(Child child) throws BlockException {
    if (children.size() <= rules.threshold()) {
      throw new BlockException(
          Errno.EINVAL,
          "The number of children cannot be lower than the vote threshold " + rules.threshold());
    }
    var fewer = new ArrayList<>(children);
    fewer.remove(child);
    children = List.copyOf(fewer);
    if (child.name().equals(QuorumFactory.CHILDREN + "." + (next - 1))) {
      next--;
    }
  }

  @Override
  public long length() throws BlockException {
    long length = children.get(0).length();
    for (Child child : children) {
      if (child.length() != length) {
        throw BlockException.of(Errno.EIO, "Could not refresh total sector count");
      }
    }
    return length;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    if (rules.firstAnswers()) {
      readFirst(offset, into);
      return;
    }
    // A write between the read of a child and its repair would be undone.
    RequestRanges.Hold hold = rules.rewrites() ? ranges.own(offset, offset + into.length()) : null;
    try {
      new QuorumRead(
              children,
              rules,
              context.buffers(),
              offset,
              into,
              reports(QuorumRequest.READ, offset, into.length()))
          .run();
    } finally {
      leave(hold);
    }
  }

  private void readFirst(long offset, IoVector into) throws BlockException {
    BlockException failure = null;
    for (Child child : children) {
      try {
        child.read(offset, into, 0);
        return;
      } catch (BlockException e) {
        reports(QuorumRequest.READ, offset, into.length()).failed(child, e);
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private QuorumReports reports(QuorumRequest request, long offset, long length) {
    return new QuorumReports(context, request, offset, length);
  }

  private interface Request {
    void send(Child child) throws BlockException;
  }

  /** Whether enough children succeeded. */
  private boolean isQuorum(ErrorVote errors) {
    return children.size() - errors.count() >= rules.threshold();
  }

  private ErrorVote sendAll(Request request, QuorumReports reports) {
    var errors = new ErrorVote();
    for (Child child : children) {
      try {
        request.send(child);
      } catch (BlockException e) {
        reports.failed(child, e);
        errors.add(e);
      }
    }
    return errors;
  }

  private void writeAll(long offset, long length, Request request) throws BlockException {
    QuorumReports reports = reports(QuorumRequest.WRITE, offset, length);
    RequestRanges.Hold hold = share(offset, length);
    ErrorVote errors;
    try {
      errors = sendAll(request, reports);
    } finally {
      leave(hold);
    }
    if (!isQuorum(errors)) {
      reports.noQuorum();
      throw errors.winner();
    }
  }

  private RequestRanges.@Nullable Hold share(long offset, long length) {
    return rules.rewrites() ? ranges.share(offset, offset + length) : null;
  }

  private void leave(RequestRanges.@Nullable Hold hold) {
    if (hold != null) {
      ranges.leave(hold);
    }
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    writeAll(offset, from.length(), child -> child.write(offset, from, flags));
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    writeAll(offset, length, child -> child.writeZeroes(offset, length, flags));
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    // Children could read differently afterwards, with good reason.
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public boolean flushesChildren() {
    return true;
  }

  @Override
  public void flush() throws BlockException {
    ErrorVote errors = sendAll(Child::flush, reports(QuorumRequest.FLUSH, 0, 0));
    if (!isQuorum(errors)) {
      throw errors.winner();
    }
  }

  /** Data where one child says so, as far as any of them does; zeroes as far as all say so. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    long data = 0;
    long zeroes = length;
    for (Child child : children) {
      try {
        Extent extent = child.status(offset, length, StatusDetail.ZEROES);
        if (extent.zero()) {
          zeroes = Math.min(zeroes, extent.length());
        } else {
          data = Math.max(data, extent.length());
        }
      } catch (BlockException e) {
        data = length; // whatever it is, the others can be read
      }
    }
    return data > 0 ? Extent.data(offset, data, null, -1) : Extent.zero(offset, zeroes);
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void close() {}
}
