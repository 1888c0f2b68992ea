// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Permissions;
import dev.strata.block.throttle.Direction;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleMember;
import dev.strata.block.throttle.ThrottleOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A user's hold on a node: the way in for requests from outside the graph. Requests beyond the
 * node's end fail. Thread-safe.
 */
public final class BlockBackend implements BlockIo, NodeUser, AutoCloseable {
  private final BlockGraph graph;
  private final String user;
  private final @Nullable JobPart part; // null for users that are no job
  private volatile BlockNode node;
  private volatile Permissions permissions;
  private volatile boolean writeThrough;
  private volatile String device = ""; // that the user is a drive of
  private final RequestGate gate = new RequestGate();
  private volatile @Nullable ThrottleMember throttle; // changes under the graph's lock
  private boolean closed; // guarded by graph

  BlockBackend(
      BlockGraph graph,
      BlockNode node,
      String user,
      @Nullable JobPart part,
      Permissions permissions) {
    this.graph = graph;
    this.node = node;
    this.user = user;
    this.part = part;
    this.permissions = permissions;
  }

  /** The node. */
  @Override
  public BlockNode node() {
    return node;
  }

  /** Moves to another node, among whose users the caller puts it; no request is in flight. */
  void node(BlockNode node) {
    this.node = node;
  }

  /** Whether every write is on stable storage before it returns. */
  public boolean writeThrough() {
    return writeThrough;
  }

  /** Has every write on stable storage before it returns, or not. */
  public void writeThrough(boolean writeThrough) {
    this.writeThrough = writeThrough;
  }

  @Override
  public Permissions permissions() {
    return permissions;
  }

  @Override
  public void permissions(Permissions permissions) {
    this.permissions = permissions;
  }

  /**
   * Goes on with another node, when the requests in flight are done; its limits stay.
   *
   * @throws BlockException if that does not allow what the user does, who then stays
   */
  public void moveTo(BlockNode other) throws BlockException {
    graph.move(this, other);
  }

  /** Asks for other permissions. */
  public void change(Permissions permissions) throws BlockException {
    graph.changePermissions(this, permissions);
  }

  /**
   * Asks for what a guest's device does and can stand. While the guest is still to come, others may
   * do what they like, until {@link BlockGraph#guestRuns}.
   */
  public void changeForGuest(Permissions permissions) throws BlockException {
    graph.changeGuestPermissions(this, permissions);
  }

  /** Who uses the node, as messages name it; "" if nobody with a name. */
  String user() {
    return user;
  }

  /** Whether it only keeps a layer for a job that has it in the middle. */
  boolean isPartOfJob() {
    return part != null;
  }

  /** Says which device uses it, for messages about a user without a name. */
  public void attach(String user) {
    device = user;
  }

  @Override
  public String describe() {
    if (part != null) {
      return part.job();
    }
    String named = user.isEmpty() ? device : user;
    return named.isEmpty() ? "an unnamed block device" : "block device '" + named + "'";
  }

  @Override
  public String edgeName() {
    return part == null ? "root" : part.role();
  }

  /** The node as a driver sees its child, for those who ask a driver without opening it. */
  public Child asChild(String name, EdgeRole role) {
    return new BackendChild(this, name, role);
  }

  RequestGate gate() {
    return gate;
  }

  Drain drain() {
    return new Drain(throttle, node);
  }

  /** The group whose limits requests keep to, or null. */
  public @Nullable ThrottleGroup throttleGroup() {
    ThrottleMember member = throttle;
    return member == null ? null : member.group();
  }

  /**
   * Has requests keep to the limits of a group, or to none. What waits in another group's queue
   * passes.
   *
   * @param group null for no limits
   */
  public void throttle(@Nullable ThrottleGroup group) {
    synchronized (graph) {
      ThrottleMember old = throttle;
      if (old == null || old.group() != group) {
        throttle = group == null ? null : old == null ? group.join() : group.join(old);
        if (old != null) {
          old.close();
        }
      }
    }
  }

  /**
   * Sets the limits of requests, of all in the same group with them. Without any limit this disk
   * leaves its group, and the others there are not affected.
   *
   * @param options with the group; without, it is the one that the disk is in, else one of its own
   * @param device whose name a group of its own gets
   */
  public void throttle(ThrottleOptions options, String device) {
    synchronized (graph) {
      if (!options.limits().isLimited()) {
        throttle(null);
        return;
      }
      ThrottleGroup now = throttleGroup();
      String name = options.group();
      ThrottleGroup wanted = now;
      if (name != null || wanted == null) {
        wanted = graph.throttleGroup(name == null ? device : name);
      }
      throttle(wanted);
      wanted.limits(options.limits());
    }
  }

  private void awaitTurn(Direction direction, long bytes) {
    ThrottleMember member = throttle;
    if (member != null) {
      member.acquire(direction, bytes);
    }
  }

  /** The requests that the node takes without padding them. */
  public Limits limits() {
    return node.requests().limits();
  }

  @Override
  public long length() {
    return node.requests().length();
  }

  /** Inside the gate: while a request waits for that, the end may come nearer. */
  private void check(long offset, long length) throws BlockException {
    if (offset < 0 || length < 0 || offset > length() - length) {
      throw BlockException.of(node.hasMedium() ? Errno.EIO : Errno.ENOMEDIUM);
    }
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    gate.enter();
    try {
      check(offset, into.length());
      awaitTurn(Direction.READ, into.length());
      node.requests().read(offset, into, flags);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    gate.enter();
    try {
      check(offset, from.length());
      awaitTurn(Direction.WRITE, from.length());
      node.requests().write(offset, from, durable(flags));
    } finally {
      gate.leave();
    }
  }

  /**
   * Copies bytes of another image without them passing through this process, where the formats let
   * them through and the host can do it.
   *
   * @return how many bytes were copied, perhaps less than {@code length}; 0 if they have to be read
   *     and written
   */
  public long copyFrom(BlockBackend source, long sourceOffset, long offset, long length)
      throws BlockException {
    source.gate.enter();
    gate.enter();
    try {
      source.check(sourceOffset, length);
      check(offset, length);
      FilePlace place = FilePlace.find(source.node, sourceOffset, length);
      if (place == null) {
        return 0;
      }
      source.awaitTurn(Direction.READ, place.length());
      awaitTurn(Direction.WRITE, place.length());
      NodeRequests requests = node.requests();
      long copied = requests.copyFrom(place.file(), place.offset(), offset, place.length());
      if (copied > 0 && writeThrough) {
        requests.flush();
      }
      return copied;
    } finally {
      gate.leave();
      source.gate.leave();
    }
  }

  private int durable(int flags) {
    return writeThrough ? flags | RequestFlags.FUA : flags;
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    gate.enter();
    try {
      check(offset, length);
      awaitTurn(Direction.WRITE, length);
      node.requests().writeZeroes(offset, length, durable(flags));
    } finally {
      gate.leave();
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    gate.enter();
    try {
      check(offset, length);
      awaitTurn(Direction.WRITE, length);
      node.requests().discard(offset, length);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void flush() throws BlockException {
    gate.enter();
    try {
      node.requests().flush();
    } finally {
      gate.leave();
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    gate.enter();
    try {
      return node.requests().status(offset, length, detail);
    } finally {
      gate.leave();
    }
  }

  /** Work on the node and below that is one request to the graph. */
  @FunctionalInterface
  public interface Work {
    /** Does it by what needs no gate: children, {@link ChainWalk#within}. */
    void run() throws BlockException;
  }

  /**
   * Runs work of bounded size as one request: the graph does not change meanwhile. The work makes
   * no request of any backend, nor changes the graph.
   */
  public void inside(Work work) throws BlockException {
    gate.enter();
    try {
      work.run();
    } finally {
      gate.leave();
    }
  }

  /**
   * The status of the bytes at {@code offset}, looked for in this node and below. For a whole image
   * there is {@link ChainWalk}.
   *
   * @param base the first node that is not asked, or null to ask the whole chain
   */
  public LayeredExtent statusAbove(
      @Nullable BlockNode base, long offset, long length, StatusDetail detail)
      throws BlockException {
    return new ChainWalk(this, base, detail).at(offset, length);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    // Alone: a request that was let in by the old length must not reach beyond the new one.
    BlockNode resized = node;
    graph.quiesced(List.of(resized), () -> resized.requests().truncate(length, exact, mode, flags));
  }

  /** Waits for the requests in flight and gives the node up; the last user closes it. */
  @Override
  public void close() throws BlockException {
    synchronized (graph) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try (var _ = drain()) {
      gate.shut();
    }
    throttle(null);
    graph.release(this);
  }
}
