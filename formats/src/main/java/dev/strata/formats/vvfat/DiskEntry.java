// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import java.nio.file.attribute.FileTime;
import java.util.List;

/**
 * A file or folder that the guest's disk has.
 *
 * @param place the names of the folders that it lies in, from the root on, and its own
 * @param clusters of a file, as many as its size takes
 * @param size in bytes; 0 of a folder
 * @param written when, as its record says
 */
record DiskEntry(
    List<String> place, boolean isFolder, List<Integer> clusters, long size, FileTime written) {
  /** In a message. */
  String shown() {
    return HostName.shown(String.join("/", place));
  }
}
