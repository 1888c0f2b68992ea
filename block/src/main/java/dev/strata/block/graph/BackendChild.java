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
import java.util.Optional;

/** A node as a driver sees it that is no node's child yet: the file of an image being created. */
final class BackendChild implements Child {
  private final BlockBackend backend;
  private final String name;
  private final EdgeRole role;

  BackendChild(BlockBackend backend, String name, EdgeRole role) {
    this.backend = backend;
    this.name = name;
    this.role = role;
  }

  private NodeRequests requests() {
    return backend.node().requests();
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
    return backend.node().filename();
  }

  @Override
  public String nodeName() {
    return backend.node().name();
  }

  @Override
  public String driverName() {
    return backend.node().driverName();
  }

  @Override
  public Limits limits() {
    return requests().limits();
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public <C> Optional<C> capability(Class<C> type) {
    return backend.node().capability(type);
  }

  @Override
  public long allocatedSize() throws BlockException {
    return backend.node().allocatedSize();
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return backend.node().readsZeroAfterCreate();
  }

  @Override
  public void event(DebugEvent event) throws BlockException {
    backend.node().driver().event(event);
  }

  @Override
  public long length() {
    return requests().length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    requests().read(offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    requests().write(offset, from, flags);
  }

  @Override
  public long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    return requests().copyFrom(source, sourceOffset, offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    requests().writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    requests().discard(offset, length);
  }

  @Override
  public void flush() throws BlockException {
    requests().flush();
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    return requests().status(offset, length, detail);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    requests().truncate(length, exact, mode, flags);
  }
}
