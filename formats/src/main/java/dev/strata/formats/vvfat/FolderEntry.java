// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file or folder on the disk. */
final class FolderEntry {
  final String name;
  final Path path;
  final BasicFileAttributes attributes; // when the disk was opened
  final FileTime changed; // the file, or what is told of it
  final @Nullable FolderEntry parent; // null of the root
  final List<FolderEntry> children = new ArrayList<>(); // of a folder, in order
  int firstCluster; // 0 if it has none
  int clusters;

  FolderEntry(
      String name,
      Path path,
      BasicFileAttributes attributes,
      FileTime changed,
      @Nullable FolderEntry parent) {
    this.name = name;
    this.path = path;
    this.attributes = attributes;
    this.changed = changed;
    this.parent = parent;
  }

  boolean isFolder() {
    return attributes.isDirectory();
  }

  /** In bytes; of a folder what its entries take. */
  long size() {
    return isFolder() ? DirectoryRecords.bytesOf(this) : attributes.size();
  }
}
