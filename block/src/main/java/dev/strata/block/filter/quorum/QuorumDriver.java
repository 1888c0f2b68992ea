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
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sends every request to all children, one after the other, and counts. */
final class QuorumDriver implements BlockDriver {
  private final OpenContext context;
  private final List<Child> children;
  private final QuorumRules rules;
  private final RequestRanges ranges = new RequestRanges();

  /** A disk on {@code children}, at least one. */
  QuorumDriver(OpenContext context, List<Child> children, QuorumRules rules) {
    this.context = context;
    this.children = children;
    this.rules = rules;
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
    if (!rules.rewrites()) {
      return permissions;
    }
    Set<Permission> needed = EnumSet.of(Permission.WRITE);
    needed.addAll(permissions.needed());
    return new Permissions(needed, permissions.shared());
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
      new QuorumRead(children, rules, context.buffers(), offset, into).run();
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
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private interface Request {
    void send(Child child) throws BlockException;
  }

  /** Enough have to succeed. */
  private void sendAll(Request request) throws BlockException {
    var errors = new ErrorVote();
    for (Child child : children) {
      try {
        request.send(child);
      } catch (BlockException e) {
        errors.add(e);
      }
    }
    if (children.size() - errors.count() < rules.threshold()) {
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
    RequestRanges.Hold hold = share(offset, from.length());
    try {
      sendAll(child -> child.write(offset, from, flags));
    } finally {
      leave(hold);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    RequestRanges.Hold hold = share(offset, length);
    try {
      sendAll(child -> child.writeZeroes(offset, length, flags));
    } finally {
      leave(hold);
    }
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
    sendAll(Child::flush);
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
