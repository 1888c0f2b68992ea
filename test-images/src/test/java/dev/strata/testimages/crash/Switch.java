// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.testimages.crash.Sabotage.Action;
import dev.strata.testimages.crash.Sabotage.Edit;
import java.util.List;

/**
 * A rule of order that is broken.
 *
 * @param name what is done wrong
 * @param edits what is done to the classes under test, one after the other
 * @param kind of images it shows on
 * @param seed of the workload that is known to show it
 * @param sequence of that workload
 */
record Switch(String name, List<Edit> edits, String kind, String seed, String sequence) {
  private static final String QCOW2 = "formats.qcow2.";
  private static final String PARALLELS = "formats.parallels.";
  private static final String COPY = "block.copy.";
  private static final String GRAPH = "block.graph.";

  static final List<Switch> ALL =
      List.of(
          drop(
              "L2 before refcounts",
              QCOW2 + "MetadataCaches.beforeL2.writeDirty",
              "qcow2-v3 2 write-part"),
          drop(
              "no flush before L2",
              QCOW2 + "MetadataCaches.beforeL2.flush#2",
              "qcow2-v3 2 write-part"),
          drop(
              "L2 before the data file",
              QCOW2 + "MetadataCaches.beforeL2.flush",
              "qcow2-data-file 3 write-across"),
          drop(
              "L2 does not wait for refcounts",
              QCOW2 + "GuestWrites.linkLocked.orderL2AfterRefcounts",
              "qcow2-v3 2 write-part"),
          drop(
              "L2 does not wait for data",
              QCOW2 + "GuestWrites.linkLocked.orderL2AfterData",
              "qcow2-lazy 2 write-part"),
          late(
              "what comes before L2 comes after",
              QCOW2 + "MetadataCaches.write.beforeL2",
              "qcow2-v3 2 write-part"),
          drop(
              "a flush leaves refcounts out",
              QCOW2 + "MetadataCaches.write.writeDirty#2",
              "qcow2-v3 1 write-cluster"),
          drop(
              "a sync does not flush",
              QCOW2 + "MetadataCaches.sync.flush",
              "qcow2-v3 19 bitmap-add"),
          drop(
              "refcounts fall before L2 is written",
              QCOW2 + "FreedClusters.settle.sync",
              "qcow2-v3 1 discard-across,snapshot-create"),
          late(
              "refcounts fall, then L2 is written",
              QCOW2 + "FreedClusters.settle.sync",
              "qcow2-v3 6 zero-across"),
          drop(
              "refcounts do not fall", QCOW2 + "FreedClusters.lower.add", "qcow2-v3 6 zero-across"),
          both(
              "a cluster is reused before its punch",
              List.of(
                  edit(Action.PUNCH_LATER, QCOW2 + "FreedClusters.discard.discard"),
                  edit(Action.PUNCH_NOW, QCOW2 + "GuestWrites.linkLocked.")),
              "qcow2-v3 1 discard-cluster,flush,write-cluster"),
          drop(
              "L1 points to an L2 that is not written",
              QCOW2 + "L2Tables.writable.write",
              "qcow2-small 23 snapshot-create,rebase"),
          both(
              "L1 points to an L2 that is not counted",
              List.of(
                  edit(Action.DROP, QCOW2 + "L2Tables.writable.orderL2AfterRefcounts"),
                  edit(Action.DROP, QCOW2 + "L2Tables.writable.writeRefcounts")),
              "qcow2-small 1 snapshot-create,write-across"),
          drop(
              "no flush before L1",
              QCOW2 + "L2Tables.writable.flush",
              "qcow2-small 23 snapshot-create,rebase"),
          late(
              "L1, then the flush",
              QCOW2 + "L2Tables.writable.flush",
              "qcow2-small 23 snapshot-create,rebase"),
          drop(
              "a refcount is skipped",
              QCOW2 + "ClusterAllocator.allocate.add",
              "qcow2-v3 1 write-cluster"),
          drop(
              "the table points to a block not written",
              QCOW2 + "ClusterAllocator.makeBlock.writeRefcounts",
              "qcow2-small 11 snapshot-create"),
          drop(
              "no flush before a refcount block counts",
              QCOW2 + "ClusterAllocator.makeBlock.flush",
              "qcow2-small 11 snapshot-create"),
          late(
              "a new refcount table after the header",
              QCOW2 + "ClusterAllocator.switchTo.write",
              "qcow2-full 1 grow"),
          drop(
              "no flush before a new refcount table counts",
              QCOW2 + "ClusterAllocator.switchTo.flush",
              "qcow2-full 1 grow"),
          drop(
              "a snapshot adds no references",
              QCOW2 + "Snapshots.create.raise",
              "qcow2-v3 11 snapshot-create"),
          both(
              "a snapshot before its references",
              List.of(
                  edit(Action.DROP, QCOW2 + "Snapshots.create.sync"),
                  edit(Action.DROP, QCOW2 + "Snapshots.writeNew.sync")),
              "qcow2-v3 11 snapshot-create"),
          drop(
              "no flush before a snapshot's table counts",
              QCOW2 + "Snapshots.writeNew.flush",
              "qcow2-v3 11 snapshot-create"),
          late(
              "the old snapshot table goes first",
              QCOW2 + "Snapshots.writeTable.write",
              "qcow2-snapshot 11 snapshot-create"),
          drop(
              "no flush before the old snapshot table goes",
              QCOW2 + "Snapshots.writeTable.flush",
              "qcow2-snapshot 1 snapshot-delete,snapshot-create"),
          drop(
              "going back adds no references",
              QCOW2 + "Snapshots.apply.raise",
              "qcow2-snapshot 12 snapshot-apply"),
          drop(
              "going back before its references",
              QCOW2 + "Snapshots.apply.sync",
              "qcow2-snapshot 12 snapshot-apply"),
          drop(
              "flags do not follow refcounts",
              QCOW2 + "Snapshots.lambda$delete.markCopied",
              "qcow2-snapshot 13 snapshot-delete"),
          drop(
              "no flush before a longer L1 counts",
              QCOW2 + "Resize.growL1.flush",
              "qcow2-small 14 grow"),
          late(
              "a longer L1 after the header", QCOW2 + "Resize.growL1.write", "qcow2-small 14 grow"),
          drop("a resize is not flushed", QCOW2 + "Resize.writeSize.flush", "qcow2-v3 14 grow"),
          drop(
              "emptied without the dirty bit",
              QCOW2 + "Emptying.run.beforeRefcountsLag",
              "qcow2-backing 16 commit"),
          drop(
              "no flush before tables are zeroed",
              QCOW2 + "Emptying.run.flush",
              "qcow2-backing 16 commit"),
          drop(
              "new refcounts not flushed",
              QCOW2 + "RefcountWidth.write.flush",
              "qcow2-v3 2 amend,amend,amend"),
          drop(
              "bitmaps look up to date while written",
              QCOW2 + "Qcow2Open.open.markBitmapsInUse",
              "qcow2-v3 107 bitmap-add,write-part"),
          drop(
              "old bitmaps go before new ones are written",
              QCOW2 + "PersistentBitmaps.store.sync",
              "qcow2-v3 19 bitmap-add"),
          both(
              "the dirty bit goes before refcounts are written",
              List.of(
                  edit(Action.DROP, QCOW2 + "Qcow2Image.writeTables.sync"),
                  edit(Action.LATE, QCOW2 + "Qcow2Image.leaveClean.sync")),
              "qcow2-lazy 2 write-part"),
          drop(
              "refcounts lag without the dirty bit",
              QCOW2 + "GuestWrites.place.beforeRefcountsLag",
              "qcow2-lazy 2 write-part"),
          drop(
              "a dirty image is not repaired",
              QCOW2 + "Qcow2Open.open.repair",
              "qcow2-lazy 2 write-part"),
          drop(
              "a flush leaves the BAT out",
              PARALLELS + "ParallelsImage.flush.writeBack",
              "parallels 1 write-across,flush"),
          drop(
              "open without saying so",
              PARALLELS + "ParallelsImage.beginWriting.writeInUse",
              "parallels 6 zero-across"),
          drop(
              "a flush stops at the format",
              GRAPH + "NodeRequests.flush.flush#3",
              "qcow2-v3 1 write-across,flush"),
          drop(
              "another backing file before the copies",
              COPY + "BackingSwitch.run.flush",
              "qcow2-backing 1 rebase"));

  private static Edit edit(Action action, String place) {
    int number = place.indexOf('#');
    String path = number < 0 ? place : place.substring(0, number);
    int occurrence = number < 0 ? 1 : Integer.parseInt(place.substring(number + 1));
    int call = path.lastIndexOf('.');
    int method = path.lastIndexOf('.', call - 1);
    return new Edit(
        path.substring(0, method),
        path.substring(method + 1, call),
        action,
        path.substring(call + 1),
        occurrence);
  }

  private static Switch drop(String name, String place, String workload) {
    return both(name, List.of(edit(Action.DROP, place)), workload);
  }

  private static Switch late(String name, String place, String workload) {
    return both(name, List.of(edit(Action.LATE, place)), workload);
  }

  private static Switch both(String name, List<Edit> edits, String workload) {
    String[] words = workload.split(" ", -1);
    return new Switch(name, edits, words[0], words[1], words[2]);
  }
}
