// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import java.util.Optional;

/** What tools do with an image that they only look at; each part may fail and the next goes on. */
final class Visit {
  private static final int MAX_RUNS = 64;
  private static final int READ = 16 << 10;

  private final BlockBackend disk;

  Visit(BlockBackend disk) {
    this.disk = disk;
  }

  /** One of them. */
  interface Part {
    void run() throws BlockException;
  }

  /** As {@code info}, {@code map}, {@code convert} and {@code check} do. */
  void run() {
    attempt(this::info);
    attempt(this::map);
    attempt(() -> read(0));
    attempt(() -> read(disk.length() / 2));
    attempt(() -> read(disk.length() - READ));
    attempt(() -> check(Checkable.Repair.NONE));
    attempt(this::snapshots);
  }

  static void attempt(Part part) {
    try {
      part.run();
    } catch (BlockException e) {
      // Which is an answer.
    }
  }

  void info() throws BlockException {
    BlockNode node = disk.node();
    disk.length();
    node.allocatedSize();
    attempt(node::fullBackingFilename);
    Optional<ImageInfo> info = node.capability(ImageInfo.class);
    if (info.isPresent()) {
      JsonValue specific = info.get().formatSpecific();
      if (specific != null) {
        JsonWriter.pretty(specific);
      }
    }
    Optional<SnapshotStore> snapshots = node.capability(SnapshotStore.class);
    if (snapshots.isPresent()) {
      snapshots.get().snapshots();
    }
    node.filename();
  }

  private void map() throws BlockException {
    var walk = new ChainWalk(disk, null, StatusDetail.ZEROES);
    long end = disk.length();
    long at = 0;
    for (int i = 0; i < MAX_RUNS && at < end; i++) {
      long length = walk.known(at, end - at).extent().length();
      if (length <= 0) {
        throw new Finding("a run of " + length + " bytes");
      }
      at += length;
    }
  }

  private void read(long from) throws BlockException {
    long offset = Math.max(0, from);
    int length = (int) Math.min(READ, disk.length() - offset);
    if (length > 0) {
      disk.read(offset, IoVector.of(new byte[length]), 0);
    }
  }

  void check(Checkable.Repair repair) throws BlockException {
    Optional<Checkable> checkable = disk.node().capability(Checkable.class);
    if (checkable.isPresent()) {
      checkable
          .get()
          .check(
              repair,
              new Checkable.Listener() {
                @Override
                public void found(String line) {
                  if (line.indexOf('\n') >= 0) {
                    throw new Finding("two lines: " + line);
                  }
                }

                @Override
                public void progress(long done, long total) {
                  // Nobody waits for it.
                }
              });
    }
  }

  private void snapshots() throws BlockException {
    Optional<SnapshotStore> store = disk.node().capability(SnapshotStore.class);
    if (store.isPresent() && !disk.node().flags().writable()) {
      for (SnapshotStore.Snapshot snapshot : store.get().snapshots()) {
        attempt(() -> store.get().loadSnapshot(snapshot));
        attempt(() -> read(0));
        return;
      }
    }
  }
}
