// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Carries a plan out. Everything that can be known to fail is tried before the folder changes: all
 * new content is on stable storage by then. What fails later is undone.
 *
 * <pre>
 *   look ─▶ keep and write ─▶ take out ─▶ folders ─▶ put in ─▶ replace ─▶ delete what is left
 *   (nothing in the folder has changed)  (undone if it fails)
 * </pre>
 */
final class FolderChange {
  /** Takes back one step. */
  private interface Undo {
    void run() throws IOException;
  }

  private final FatLayout layout;
  private final WrittenDisk disk;
  private final HostFolder host;
  private final FolderPlan plan;
  private final Deque<Undo> done = new ArrayDeque<>();
  private final Set<List<String>> touched = new HashSet<>(); // folders
  private final Map<DiskEntry, String> content = new LinkedHashMap<>(); // names of the work
  private final Map<List<String>, KnownFile> known;
  private int works;

  private FolderChange(
      FatLayout layout,
      WrittenDisk disk,
      HostFolder host,
      FolderPlan plan,
      Map<List<String>, KnownFile> known) {
    this.known = known;
    this.layout = layout;
    this.disk = disk;
    this.host = host;
    this.plan = plan;
  }

  /**
   * Brings the folder to what the disk holds.
   *
   * @param known what the folder holds, by place; afterwards what it holds then
   * @throws BlockException if it holds what it did before, or, where that failed too, the message
   *     says where the rest of its files is
   */
  static void apply(
      FatLayout layout,
      WrittenDisk disk,
      HostFolder host,
      FolderPlan plan,
      Map<List<String>, KnownFile> known)
      throws BlockException {
    var change = new FolderChange(layout, disk, host, plan, known);
    try {
      change.look();
      change.write();
      change.rearrange();
      change.learn();
    } catch (IOException e) {
      throw change.undone(described(e));
    }
    try {
      host.deleteWork();
    } catch (IOException e) {
      throw described(e);
    }
  }

  private static BlockException described(IOException e) {
    return e instanceof BlockException ours
        ? ours
        : refused("Could not change the folder: " + e.getMessage()).causedBy(e);
  }

  private static BlockException refused(String what) {
    return new BlockException(Errno.EIO, what);
  }

  /** What others did to the folder since is theirs, and not overwritten. */
  private void look() throws IOException {
    for (KnownFile file : plan.leaving()) {
      BasicFileAttributes now = host.attributes(file.place());
      if (now == null || !file.isStill(now)) {
        throw refused(file.shown() + " was changed by others, and cannot be by the disk too");
      }
    }
    var gone = new HashSet<List<String>>();
    plan.leaving().forEach(file -> gone.add(file.place()));
    plan.removedFolders.forEach(folder -> gone.add(folder.place()));
    for (DiskEntry entry : plan.arriving()) {
      if (!gone.contains(entry.place()) && host.attributes(entry.place()) != null) {
        throw refused(entry.shown() + " is a file that the disk does not have, and stays");
      }
    }
    for (KnownFile folder : plan.removedFolders) {
      for (var name : host.list(folder.place())) {
        var inside = new ArrayList<>(folder.place());
        inside.add(HostName.of(name));
        if (!known.containsKey(inside)) {
          throw refused(folder.shown() + " holds files that the disk does not have, and stays");
        }
      }
    }
  }

  private void write() throws IOException {
    for (KnownFile file : plan.leaving()) {
      for (int cluster : file.clusters()) {
        disk.keep(layout.sectorOf(cluster), layout.clusterSectors());
      }
    }
    for (FolderPlan.Replacement each : plan.replacements) {
      write(each.to(), each.from().place());
    }
    for (DiskEntry each : plan.newFiles) {
      write(each, null);
    }
  }

  private void write(DiskEntry entry, @Nullable List<String> like) throws IOException {
    String name = nextWork();
    try (FileChannel file = host.create(name)) {
      var bytes = new byte[layout.clusterBytes()];
      long at = 0;
      for (int cluster : entry.clusters()) {
        IoVector all = IoVector.of(bytes);
        disk.read(layout.sectorOf(cluster), all);
        int count = (int) Math.min(bytes.length, entry.size() - at);
        boolean last = at + count == entry.size();
        if (last || !all.isZero()) { // else it is a hole
          ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
          while (buffer.hasRemaining()) {
            file.write(buffer, at + buffer.position());
          }
        }
        at += count;
      }
      file.force(true);
    }
    host.finish(name, entry.written(), like);
    content.put(entry, name);
  }

  private String nextWork() {
    return Integer.toString(works++);
  }

  private void rearrange() throws IOException {
    var moved = new LinkedHashMap<FolderPlan.Move, String>();
    for (FolderPlan.Move move : plan.moves) {
      moved.put(move, take(move.from()));
    }
    for (KnownFile file : plan.removedFiles) {
      take(file);
    }
    for (KnownFile folder : plan.removedFolders) {
      host.deleteFolder(folder.place());
      touch(folder.place());
      done.push(() -> host.createFolder(folder.place(), nextWork()));
    }
    for (DiskEntry folder : plan.newFolders) {
      host.createFolder(folder.place(), nextWork());
      touch(folder.place());
      done.push(() -> host.deleteFolder(folder.place()));
    }
    for (Map.Entry<FolderPlan.Move, String> each : moved.entrySet()) {
      put(each.getValue(), each.getKey().to());
    }
    for (DiskEntry file : plan.newFiles) {
      put(nameOf(file), file);
    }
    for (FolderPlan.Replacement each : plan.replacements) {
      // One step: whoever looks finds one or the other.
      host.put(nameOf(each.to()), each.to().place());
      touch(each.to().place());
      learn(each.to()); // it is not undone
    }
    plan.removedFolders.forEach(folder -> touched.remove(folder.place()));
    for (List<String> folder : touched) {
      host.sync(folder);
    }
  }

  private String nameOf(DiskEntry file) {
    return Objects.requireNonNull(content.get(file));
  }

  private String take(KnownFile file) throws IOException {
    String name = nextWork();
    host.take(file.place(), name);
    touch(file.place());
    done.push(() -> host.put(name, file.place()));
    return name;
  }

  private void put(String name, DiskEntry file) throws IOException {
    if (host.attributes(file.place()) != null) {
      throw refused(file.shown() + " is a file that the disk does not have, and stays");
    }
    host.put(name, file.place());
    touch(file.place());
    done.push(() -> host.take(file.place(), name));
  }

  private void touch(List<String> place) {
    touched.add(place.subList(0, place.size() - 1));
  }

  /** What the folder holds now. */
  private void learn() throws IOException {
    plan.leaving().forEach(file -> known.remove(file.place()));
    plan.removedFolders.forEach(folder -> known.remove(folder.place()));
    for (DiskEntry entry : plan.arriving()) {
      learn(entry);
    }
    for (FolderPlan.Replacement each : plan.replacements) {
      learn(each.to());
    }
  }

  private void learn(DiskEntry entry) throws IOException {
    BasicFileAttributes now = host.attributes(entry.place());
    if (now == null) {
      throw refused(entry.shown() + " was removed by others");
    }
    known.put(entry.place(), new KnownFile(entry.place(), entry.clusters(), entry.size(), now));
  }

  private BlockException undone(BlockException failure) {
    try {
      while (!done.isEmpty()) {
        done.pop().run();
      }
      host.deleteWork();
      return failure;
    } catch (IOException e) {
      BlockException twice =
          refused(
              failure.getMessage()
                  + "; files that could not be put back are in "
                  + HostName.shown(host.work()));
      twice.addSuppressed(e);
      return twice.causedBy(failure);
    }
  }
}
