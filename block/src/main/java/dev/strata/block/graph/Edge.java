// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.CopyOffload;
import dev.strata.block.DebugEvent;
import dev.strata.block.EdgeRole;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Permissions;
import java.util.Optional;

/** One node's use of another. */
public final class Edge implements Child, NodeUser {
  private final BlockNode parent;
  private volatile BlockNode node; // changes under the graph's lock, with no request in flight
  private final String name;
  private final EdgeRole role;
  private volatile Permissions permissions = Permissions.NONE;

  Edge(BlockNode parent, BlockNode node, String name, EdgeRole role) {
    this.parent = parent;
    this.node = node;
    this.name = name;
    this.role = role;
  }

  /** The node below. */
  @Override
  public BlockNode node() {
    return node;
  }

  /** Lets it lead to another node, among whose users the caller puts it. */
  void node(BlockNode node) {
    this.node = node;
  }

  /** The node above. */
  public BlockNode parent() {
    return parent;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public EdgeRole role() {
    return role;
  }

  @Override
  public String filename() {
    return node.filename();
  }

  @Override
  public String nodeName() {
    return node.name();
  }

  @Override
  public String driverName() {
    return node.driverName();
  }

  @Override
  public Limits limits() {
    return node.requests().limits();
  }

  @Override
  public boolean writable() {
    return node.flags().writesNow() && permissions.writes();
  }

  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return node.capability(type);
  }

  @Override
  public long allocatedSize() throws BlockException {
    return node.allocatedSize();
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return node.driver().readsZeroAfterCreate();
  }

  @Override
  public void event(DebugEvent event) throws BlockException {
    node.driver().event(event);
  }

  @Override
  public Permissions permissions() {
    return permissions;
  }

  @Override
  public void permissions(Permissions permissions) {
    this.permissions = permissions;
  }

  @Override
  public String describe() {
    return "node '" + parent.name() + "'";
  }

  @Override
  public String edgeName() {
    return name;
  }

  @Override
  public long length() {
    return node.requests().length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    node.requests().read(offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    node.requests().write(offset, from, flags);
  }

  @Override
  public long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    return node.requests().copyFrom(source, sourceOffset, offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    node.requests().writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    node.requests().discard(offset, length);
  }

  @Override
  public void flush() throws BlockException {
    node.requests().flush();
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    return node.requests().status(offset, length, detail);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    node.requests().truncate(length, exact, mode, flags);
  }
}
