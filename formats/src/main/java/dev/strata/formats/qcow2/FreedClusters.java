// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Clusters that an L2 entry in memory has let go of. Their refcounts fall only when that entry is
 * on disk: until then a crash would bring back an entry that points to them. So a cluster is never
 * reused too early, and after a crash it is leaked at worst. Guarded by the image's table lock.
 */
final class FreedClusters {
  /** Why clusters are freed: whether their storage goes back to the file below depends on it. */
  enum Reason {
    /** The guest discarded them. */
    REQUEST,
    /** A snapshot went. */
    SNAPSHOT,
    /** Anything else: overwritten compressed clusters, moved tables. */
    OTHER,
    /** A bitmap was stored anew; their storage always goes back. */
    BITMAP
  }

  /** The most runs that wait, so that memory stays bounded. */
  private static final int MAX_WAITING = 4096;

  private record Run(long first, long clusters, Reason reason) {}

  private final Geometry geometry;
  private final Child file;
  private final Refcounts refcounts;
  private final MetadataCaches caches;
  private final Consumer<String> notes;
  private boolean[] passOn; // by Reason, as far as users choose
  private final List<Run> waiting = new ArrayList<>();
  private LongConsumer reuse = cluster -> {};

  /**
   * Nothing is freed yet.
   *
   * @param passOn by reason, whether storage goes back to the file below
   * @param notes hears what could not be freed: that is leaked, and no reason to fail
   */
  FreedClusters(
      Geometry geometry,
      Child file,
      Refcounts refcounts,
      MetadataCaches caches,
      boolean[] passOn,
      Consumer<String> notes) {
    this.geometry = geometry;
    this.file = file;
    this.refcounts = refcounts;
    this.caches = caches;
    this.passOn = passOn;
    this.notes = notes;
  }

  /** Tells of each cluster that may be taken again. */
  void onReuse(LongConsumer listener) {
    reuse = listener;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** A reference to each cluster that the range of the file touches is gone. */
  void release(long offset, long length, Reason reason) throws BlockException {
    file.event(DebugEvent.CLUSTER_FREE);
    Run run = run(offset, length, reason);
    Run last = waiting.isEmpty() ? null : waiting.getLast();
    if (last != null && last.reason == reason && last.first + last.clusters == run.first) {
      waiting.set(waiting.size() - 1, new Run(last.first, last.clusters + run.clusters, reason));
    } else {
      waiting.add(run);
    }
    if (waiting.size() > MAX_WAITING) {
      settle();
    }
  }

  /** As {@link #release}, for clusters that nothing on disk points to any more. */
  void releaseSettled(long offset, long length, Reason reason) throws BlockException {
    file.event(DebugEvent.CLUSTER_FREE);
    lower(run(offset, length, reason));
  }

  private Run run(long offset, long length, Reason reason) {
    long first = offset >>> geometry.clusterBits();
    long end = (offset + length + geometry.clusterSize() - 1) >>> geometry.clusterBits();
    return new Run(first, end - first, reason);
  }

  /** Puts the entries that let go on disk, then lowers the refcounts and gives storage back. */
  void settle() throws BlockException {
    if (waiting.isEmpty()) {
      return;
    }
    caches.sync();
    List<Run> runs = inFileOrder();
    waiting.clear();
    BlockException failure = null;
    for (Run run : runs) {
      try {
        lower(run);
      } catch (BlockException e) {
        // The other clusters need not leak with these.
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * What waits, in the file's order and adjacent runs as one: scattered clusters that lie together
   * in the file are one hole to punch.
   */
  private List<Run> inFileOrder() {
    waiting.sort((a, b) -> Long.compare(a.first, b.first));
    var runs = new ArrayList<Run>();
    for (Run run : waiting) {
      Run last = runs.isEmpty() ? null : runs.getLast();
      // Not those that overlap: a cluster may have lost more than one reference.
      if (last != null && last.reason == run.reason && last.first + last.clusters == run.first) {
        runs.set(runs.size() - 1, new Run(last.first, last.clusters + run.clusters, run.reason));
      } else {
        runs.add(run);
      }
    }
    return runs;
  }

  private void lower(Run run) throws BlockException {
    long freeFrom = -1;
    BlockException failure = null;
    for (long cluster = run.first; cluster < run.first + run.clusters; cluster++) {
      boolean free = false;
      try {
        refcounts.add(cluster, 1, -1);
        free = refcounts.get(cluster) == 0;
      } catch (BlockException e) {
        failure = e;
      }
      if (free) {
        caches.l2Slices().drop(cluster << geometry.clusterBits(), geometry.clusterSize());
        caches.refcountBlocks().drop(cluster << geometry.clusterBits(), geometry.clusterSize());
        reuse.accept(cluster);
        freeFrom = freeFrom < 0 ? cluster : freeFrom;
      } else if (freeFrom >= 0) {
        discard(freeFrom, cluster, run.reason);
        freeFrom = -1;
      }
    }
    if (failure != null) {
      notes.accept("qcow2_free_clusters failed: " + failure.errno().text());
    }
    if (freeFrom >= 0) {
      discard(freeFrom, run.first + run.clusters, run.reason);
    }
  }

  /** For which reasons storage goes back to the file below from now on. */
  void passOn(boolean[] byReason) {
    passOn = byReason;
  }

  /** Whether the storage of what is freed for that reason goes back to the file below. */
  boolean passesOn(Reason reason) {
    return reason == Reason.BITMAP || passOn[reason.ordinal()];
  }

  private void discard(long from, long to, Reason reason) throws BlockException {
    if (passesOn(reason)) {
      long offset = from << geometry.clusterBits();
      file.discard(offset, (to - from) << geometry.clusterBits());
    }
  }
}
