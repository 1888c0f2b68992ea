// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An open folder that a guest changes by writing to the disk. What it writes is kept aside; at each
 * flush, and at the end, the folder is brought to what the disk then holds. A disk that is not in
 * order fails the flush, and the folder stays as it was.
 */
final class WritableVvfatDriver implements BlockDriver {
  private final FatLayout layout;
  private final FolderEntry root;
  private final HostFiles files;
  private final ZoneId zone;
  private final WrittenDisk disk; // guarded by lock, as what follows
  private final byte[] boot;
  private final Map<List<String>, KnownFile> known = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();

  private WritableVvfatDriver(
      FatLayout layout,
      FolderTree tree,
      HostFiles files,
      ZoneId zone,
      WrittenDisk disk,
      byte[] boot) {
    this.layout = layout;
    this.root = tree.entries().getFirst();
    this.files = files;
    this.zone = zone;
    this.disk = disk;
    this.boot = boot;
    for (FolderEntry entry : tree.entries()) {
      if (entry != root) {
        List<String> place = place(entry);
        known.put(place, new KnownFile(place, clusters(entry), size(entry), entry.attributes));
      }
    }
  }

  /** The files are closed with the driver. */
  static WritableVvfatDriver open(
      FatLayout layout, FolderTree tree, FatVolume volume, HostFiles files, ZoneId zone)
      throws BlockException {
    Path folder = tree.entries().getFirst().path;
    try {
      if (!HostFolder.isPossible(folder)) {
        throw new BlockException(Errno.EOPNOTSUPP, "A folder cannot be changed safely here");
      }
    } catch (IOException e) {
      throw e instanceof BlockException ours ? ours : couldNotOpen(folder, e);
    }
    WrittenSectors written = WrittenSectors.open();
    boolean opened = false;
    try {
      var disk = new WrittenDisk(volume, written);
      byte[] boot = disk.read(0, layout.tablesStart());
      var driver = new WritableVvfatDriver(layout, tree, files, zone, disk, boot);
      opened = true;
      return driver;
    } finally {
      if (!opened) {
        written.close();
      }
    }
  }

  private static BlockException couldNotOpen(Path folder, IOException cause) {
    return new BlockException(
            Errno.EIO,
            "Could not open " + HostName.shown(folder) + " for writing: " + cause.getMessage())
        .causedBy(cause);
  }

  private static List<String> place(FolderEntry entry) {
    var names = new ArrayList<String>();
    for (FolderEntry at = entry; at.parent != null; at = at.parent) {
      names.addFirst(at.name);
    }
    return List.copyOf(names);
  }

  private static List<Integer> clusters(FolderEntry entry) {
    var clusters = new ArrayList<Integer>();
    for (int i = 0; i < entry.clusters && !entry.isFolder(); i++) {
      clusters.add(entry.firstCluster + i);
    }
    return clusters;
  }

  private static long size(FolderEntry entry) {
    return entry.isFolder() ? 0 : entry.size();
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withRequestAlignment(FatLayout.SECTOR);
  }

  @Override
  public long length() {
    return (long) layout.totalSectors() * FatLayout.SECTOR;
  }

  @Override
  public long allocatedSize() {
    return UNKNOWN_SIZE;
  }

  @Override
  public boolean reopens() {
    return false;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    lock.lock();
    try {
      disk.read((int) (offset / FatLayout.SECTOR), into);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    lock.lock();
    try {
      disk.write((int) (offset / FatLayout.SECTOR), from);
    } finally {
      lock.unlock();
    }
  }

  /** The graph writes zeroes as data: see {@link #limits}. */
  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  /** Does not come: see {@link #limits}. */
  @Override
  public void discard(long offset, long length) {}

  /** As the reference says of the whole disk: data, nobody knows where. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.encoded(offset, length, false);
  }

  @Override
  public void flush() throws BlockException {
    lock.lock();
    try {
      if (disk.isChanged()) {
        changeFolder();
        disk.settled();
      }
    } finally {
      lock.unlock();
    }
  }

  private void changeFolder() throws BlockException {
    Collection<DiskEntry> wanted = DiskTree.of(layout, disk, boot, zone);
    FolderPlan plan = FolderPlan.of(layout, disk, known, wanted);
    if (plan.isEmpty()) {
      return;
    }
    try (HostFolder host = HostFolder.open(root.path, root.attributes.fileKey())) {
      FolderChange.apply(layout, disk, host, plan, known);
    } catch (IOException e) {
      throw e instanceof BlockException ours ? ours : couldNotOpen(root.path, e);
    }
  }

  @Override
  public void close() throws BlockException {
    BlockException failure = null;
    try {
      flush();
    } catch (BlockException e) {
      failure = e;
    }
    failure = closed(failure, disk::close);
    failure = closed(failure, files::close);
    if (failure != null) {
      throw failure;
    }
  }

  private interface Closing {
    void run() throws IOException;
  }

  private static @Nullable BlockException closed(@Nullable BlockException before, Closing closing) {
    try {
      closing.run();
      return before;
    } catch (IOException e) {
      BlockException failure =
          e instanceof BlockException ours
              ? ours
              : new BlockException(Errno.EIO, "Could not close a file").causedBy(e);
      if (before == null) {
        return failure;
      }
      before.addSuppressed(failure);
      return before;
    }
  }
}
