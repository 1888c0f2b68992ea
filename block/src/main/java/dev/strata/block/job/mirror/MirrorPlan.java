// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.OnError;
import org.jspecify.annotations.Nullable;

/**
 * What is to be mirrored and how.
 *
 * @param type {@code mirror}, or {@code commit} if the target is a layer of the source
 * @param source whose users go through the mirror
 * @param target becomes as the source is
 * @param replaced the node whose place the target takes in the end
 * @param sync what is copied of what is there already
 * @param granularity of what is remembered of writes, in bytes, a power of two
 * @param bufferBytes the most that is in memory at a time
 * @param writeBlocking whether writers write to both disks from the beginning
 * @param onSourceError what a read that fails comes to
 * @param onTargetError what a write that fails comes to
 * @param filterName what the filter over the source is called, or null
 */
public record MirrorPlan(
    String type,
    BlockNode source,
    BlockNode target,
    BlockNode replaced,
    Sync sync,
    long granularity,
    long bufferBytes,
    boolean writeBlocking,
    OnError onSourceError,
    OnError onTargetError,
    @Nullable String filterName) {

  /** What is copied of what is there already. */
  public sealed interface Sync {
    /** All of it. */
    record Full() implements Sync {}

    /**
     * What the layers above one hold.
     *
     * @param base the first layer that is not looked at; null if the target is all zeroes and what
     *     no layer holds is there already
     */
    record Above(@Nullable BlockNode base) implements Sync {}

    /**
     * Nothing.
     *
     * @param backing what the target goes over when it takes its place; null to leave it as it is
     */
    record None(@Nullable BlockNode backing) implements Sync {}
  }

  /** What the target has yet to go over when it takes its place, or null. */
  @Nullable BlockNode lateBacking() {
    return sync instanceof Sync.None(BlockNode backing) ? backing : null;
  }

  /** Whether the target need not have bytes that it shows as zeroes: nothing will lie below. */
  boolean standsAlone() {
    return isCommit() || sync instanceof Sync.Full || sync.equals(new Sync.Above(null));
  }

  boolean isCommit() {
    return type.equals("commit");
  }
}
