// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What has to be done to a folder for it to hold what a disk does. Which file is which is told by
 * its clusters: one that has all of them still, none written to, is the same under any name.
 */
final class FolderPlan {
  /** A file that has another place now. */
  record Move(KnownFile from, DiskEntry to) {}

  /** A file whose content is another one, in the same place. */
  record Replacement(KnownFile from, DiskEntry to) {}

  final List<KnownFile> kept = new ArrayList<>(); // folders too
  final List<Move> moves = new ArrayList<>();
  final List<Replacement> replacements = new ArrayList<>();
  final List<DiskEntry> newFiles = new ArrayList<>();
  final List<DiskEntry> newFolders = new ArrayList<>(); // outer ones first
  final List<KnownFile> removedFiles = new ArrayList<>();
  final List<KnownFile> removedFolders = new ArrayList<>(); // inner ones first

  private final FatLayout layout;
  private final WrittenDisk disk;
  private final Set<KnownFile> placed = new HashSet<>();

  private FolderPlan(FatLayout layout, WrittenDisk disk) {
    this.layout = layout;
    this.disk = disk;
  }

  /**
   * Makes a plan.
   *
   * @param known what the folder holds, by place
   * @param wanted what it is to hold, folders before what they hold
   */
  static FolderPlan of(
      FatLayout layout,
      WrittenDisk disk,
      Map<List<String>, KnownFile> known,
      Collection<DiskEntry> wanted) {
    var plan = new FolderPlan(layout, disk);
    List<DiskEntry> others = plan.match(known, wanted);
    for (DiskEntry entry : others) {
      KnownFile there = known.get(entry.place());
      if (there != null && !there.isFolder() && plan.placed.add(there)) {
        plan.replacements.add(new Replacement(there, entry));
      } else {
        plan.newFiles.add(entry);
      }
    }
    for (KnownFile each : known.values()) {
      if (!plan.placed.contains(each)) {
        (each.isFolder() ? plan.removedFolders : plan.removedFiles).add(each);
      }
    }
    plan.removedFolders.sort(
        Comparator.comparingInt((KnownFile each) -> each.place().size()).reversed());
    return plan;
  }

  /** Finds files and folders that are there already; the answer is the other files. */
  private List<DiskEntry> match(Map<List<String>, KnownFile> known, Collection<DiskEntry> wanted) {
    var byCluster = new HashMap<Integer, KnownFile>();
    for (KnownFile each : known.values()) {
      if (!each.clusters().isEmpty()) {
        byCluster.put(each.clusters().getFirst(), each);
      }
    }
    var others = new ArrayList<DiskEntry>();
    for (DiskEntry entry : wanted) {
      KnownFile there = known.get(entry.place());
      if (entry.isFolder()) {
        if (there != null && there.isFolder()) {
          kept.add(there);
          placed.add(there);
        } else {
          newFolders.add(entry);
        }
        continue;
      }
      KnownFile same =
          entry.clusters().isEmpty() ? there : byCluster.get(entry.clusters().getFirst());
      if (same == null || same.isFolder() || !holdsTheSame(same, entry)) {
        others.add(entry);
      } else {
        placed.add(same);
        if (same == there) {
          kept.add(same);
        } else {
          moves.add(new Move(same, entry));
        }
      }
    }
    return others;
  }

  private boolean holdsTheSame(KnownFile file, DiskEntry entry) {
    if (file.size() != entry.size() || !file.clusters().equals(entry.clusters())) {
      return false;
    }
    long left = entry.size();
    for (int cluster : entry.clusters()) {
      int bytes = (int) Math.min(left, layout.clusterBytes());
      int sectors = (bytes + FatLayout.SECTOR - 1) / FatLayout.SECTOR;
      if (disk.isChanged(layout.sectorOf(cluster), sectors)) {
        return false;
      }
      left -= bytes;
    }
    return true;
  }

  /** The files of the host that will not be where they are. */
  List<KnownFile> leaving() {
    var all = new ArrayList<>(removedFiles);
    moves.forEach(move -> all.add(move.from));
    replacements.forEach(each -> all.add(each.from));
    return all;
  }

  /** The places where nothing may be that is not known. */
  List<DiskEntry> arriving() {
    var all = new ArrayList<>(newFolders);
    all.addAll(newFiles);
    moves.forEach(move -> all.add(move.to));
    return all;
  }

  boolean isEmpty() {
    return leaving().isEmpty() && arriving().isEmpty() && removedFolders.isEmpty();
  }
}
