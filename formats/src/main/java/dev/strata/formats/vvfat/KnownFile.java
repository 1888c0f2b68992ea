// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;

/**
 * A file or folder that both the disk and the host's folder have.
 *
 * @param place the names of the folders that it lies in, from the root on, and its own
 * @param clusters of a file, as many as its size takes
 * @param size of a file in bytes, on the disk
 * @param attributes of the host's file, when it was looked at
 */
record KnownFile(
    List<String> place, List<Integer> clusters, long size, BasicFileAttributes attributes) {
  boolean isFolder() {
    return attributes.isDirectory();
  }

  /** Whether the host's file is still that one, and nobody else has written to it. */
  boolean isStill(BasicFileAttributes now) {
    return Objects.equals(now.fileKey(), attributes.fileKey())
        && now.isDirectory() == attributes.isDirectory()
        && (isFolder()
            || (now.size() == attributes.size()
                && now.lastModifiedTime().equals(attributes.lastModifiedTime())));
  }

  /** In a message. */
  String shown() {
    return HostName.shown(String.join("/", place));
  }
}
