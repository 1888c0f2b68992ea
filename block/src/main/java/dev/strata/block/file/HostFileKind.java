// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.posix.OpenFlags;

/** What of the host a driver of this package stands for. */
enum HostFileKind {
  FILE("file", "to be a regular file"),
  DEVICE("host_device", "to be either a character or block device"),
  CDROM("host_cdrom", "to be either a character or block device");

  private final String driver;
  private final String requirement;

  HostFileKind(String driver, String requirement) {
    this.driver = driver;
    this.requirement = requirement;
  }

  String driver() {
    return driver;
  }

  /** As in: the driver requires the file so-and-so. */
  String requirement() {
    return requirement;
  }

  boolean isDevice() {
    return this != FILE;
  }

  Storage.Kind storageKind() {
    return isDevice() ? Storage.Kind.DEVICE : Storage.Kind.REGULAR;
  }

  /**
   * What {@code open(2)} is told beside the access; a drive without a disc opens only like this.
   */
  int openFlags() {
    return this == CDROM ? OpenFlags.NON_BLOCKING : 0;
  }
}
