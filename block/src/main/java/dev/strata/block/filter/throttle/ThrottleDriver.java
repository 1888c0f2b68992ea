// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.throttle;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.throttle.Direction;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleMember;

/** Passes requests on when it is their turn. A flush does not wait. */
final class ThrottleDriver extends FilterDriver {
  private final OpenContext context;
  private volatile ThrottleMember member;

  ThrottleDriver(OpenContext context, Child file, ThrottleGroup group) {
    super(file);
    this.context = context;
    this.member = group.join();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    member.acquire(Direction.READ, into.length());
    super.read(offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    member.acquire(Direction.WRITE, from.length());
    super.write(offset, from, flags);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    member.acquire(Direction.WRITE, length);
    super.writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    member.acquire(Direction.WRITE, length);
    super.discard(offset, length);
  }

  @Override
  public void drain() {
    member.drain();
  }

  @Override
  public void resume() {
    member.resume();
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    String name = options.take(ThrottleFactory.GROUP);
    if (name == null) {
      return Undo.NOTHING;
    }
    ThrottleGroup old = member.group();
    change(context.objects().throttleGroup(name));
    return () -> change(old);
  }

  /** Nothing is in flight, but the graph may have the requests to come drained. */
  private void change(ThrottleGroup group) {
    ThrottleMember left = member;
    if (group != left.group()) {
      member = group.join(left);
      left.close();
    }
  }

  @Override
  public void close() {
    member.close();
  }
}
