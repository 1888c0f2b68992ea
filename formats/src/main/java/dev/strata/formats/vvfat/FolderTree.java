// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a folder of the host holds, as it was when it was looked through: level by level, each
 * folder's files by name. That is the order of their clusters too.
 */
final class FolderTree {
  /** So many files fit the largest disk, each with a cluster of its own. */
  private static final int MAX_FILES = 65_536;

  /** What a record can tell of a file's size. */
  private static final long MAX_SIZE = 0xffff_ffffL;

  private final FatLayout layout;
  private final boolean writable;
  private final Consumer<String> warnings;
  private final List<FolderEntry> all = new ArrayList<>(); // in order, the root first
  private int nextCluster = FatLayout.FIRST_CLUSTER;

  private FolderTree(FatLayout layout, boolean writable, Consumer<String> warnings) {
    this.layout = layout;
    this.writable = writable;
    this.warnings = warnings;
  }

  /**
   * Looks a folder through.
   *
   * @param writable whether it will be changed: there are no links in one that is
   * @param warnings takes a line for each file that is left out
   * @throws BlockException if it does not fit that disk, or holds what no disk can
   */
  static FolderTree of(Path folder, FatLayout layout, boolean writable, Consumer<String> warnings)
      throws BlockException {
    var tree = new FolderTree(layout, writable, warnings);
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(folder, BasicFileAttributes.class);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    if (!attributes.isDirectory()) {
      throw new BlockException(
          Errno.ENOTDIR, "Could not read directory " + HostName.printable(folder));
    }
    tree.all.add(new FolderEntry("", folder, attributes, changed(folder, attributes), null));
    for (int i = 0; i < tree.all.size(); i++) {
      FolderEntry entry = tree.all.get(i);
      if (entry.isFolder()) {
        tree.list(entry);
      }
      tree.place(entry);
    }
    return tree;
  }

  private static BlockException unreadable(Path folder, Exception cause) {
    return new BlockException(Errno.EIO, "Could not read directory " + HostName.printable(folder))
        .causedBy(cause);
  }

  /** All files and folders; the first one is the root. */
  List<FolderEntry> entries() {
    return all;
  }

  /** How many clusters are in use. */
  int usedClusters() {
    return nextCluster - FatLayout.FIRST_CLUSTER;
  }

  private void list(FolderEntry folder) throws BlockException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.path)) {
      for (Path file : files) {
        add(folder, file);
      }
    } catch (IOException e) {
      throw e instanceof BlockException known ? known : unreadable(folder.path, e);
    } catch (DirectoryIteratorException e) {
      throw unreadable(folder.path, e);
    }
    folder.children.sort(Comparator.comparing(child -> child.name));
    all.addAll(folder.children);
  }

  private void add(FolderEntry folder, Path file) throws BlockException {
    String name = HostName.of(file);
    BasicFileAttributes attributes;
    try {
      attributes = attributes(file);
    } catch (IOException e) {
      // A link to nowhere, or gone already: there is nothing to be read.
      warnings.accept(HostName.shown(file) + " cannot be found and is left out");
      return;
    }
    if (attributes.isSymbolicLink()) {
      throw new BlockException(
          Errno.EINVAL, HostName.shown(file) + " is a link, which a writable folder cannot have");
    }
    if (!attributes.isDirectory() && !attributes.isRegularFile()) {
      throw new BlockException(
          Errno.EINVAL, HostName.shown(file) + " is neither a file nor a folder");
    }
    if (attributes.isDirectory()) {
      requireSameFileSystem(folder, file);
      requireNoCycle(folder, file, attributes);
    } else if (attributes.size() > MAX_SIZE) {
      throw new BlockException(
          Errno.EFBIG, HostName.shown(file) + " is larger than 4 GiB, which FAT has no place for");
    }
    folder.children.add(new FolderEntry(name, file, attributes, changed(file, attributes), folder));
    if (all.size() + folder.children.size() > MAX_FILES) {
      throw new BlockException(Errno.EFBIG, "Directory holds more than " + MAX_FILES + " files");
    }
  }

  private BasicFileAttributes attributes(Path file) throws IOException {
    return writable
        ? Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        : Files.readAttributes(file, BasicFileAttributes.class);
  }

  /** Files are moved, which cannot be done from one file system to another. */
  private void requireSameFileSystem(FolderEntry folder, Path file) throws BlockException {
    try {
      if (writable && !Files.getFileStore(file).equals(Files.getFileStore(folder.path))) {
        throw new BlockException(
            Errno.EXDEV,
            HostName.shown(file) + " is another file system, which a writable folder cannot have");
      }
    } catch (IOException e) {
      throw e instanceof BlockException ours ? ours : unreadable(file, e);
    }
  }

  /** The time that Unix calls the change; without one, when the file was written. */
  private static FileTime changed(Path file, BasicFileAttributes attributes) {
    try {
      if (Files.getAttribute(file, "unix:ctime") instanceof FileTime time) {
        return time;
      }
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return attributes.lastModifiedTime();
    }
    return attributes.lastModifiedTime();
  }

  private static void requireNoCycle(FolderEntry folder, Path file, BasicFileAttributes attributes)
      throws BlockException {
    Object key = attributes.fileKey();
    for (FolderEntry above = folder; above != null; above = above.parent) {
      if (key != null && key.equals(above.attributes.fileKey())) {
        throw new BlockException(
            Errno.ELOOP, HostName.shown(file) + " is a link to a folder that it lies in");
      }
    }
  }

  /** Gives a file its clusters. */
  private void place(FolderEntry entry) throws BlockException {
    boolean ownPlace = entry.parent == null && layout.rootEntries() > 0;
    if (ownPlace) {
      if (entry.size() > (long) layout.rootEntries() * FatLayout.ENTRY) {
        throw new BlockException(Errno.EFBIG, "Too many entries in root directory");
      }
      return;
    }
    long clusters = layout.clustersFor(entry.size());
    if (clusters > layout.clusters() - usedClusters()) {
      throw new BlockException(
          Errno.EFBIG,
          String.format(
              "Directory does not fit in FAT%d (capacity %.2f MB)",
              layout.type().bits(), layout.volumeSectors() / 2000.0));
    }
    entry.clusters = (int) clusters;
    entry.firstCluster = clusters == 0 ? 0 : nextCluster;
    nextCluster += entry.clusters;
  }
}
