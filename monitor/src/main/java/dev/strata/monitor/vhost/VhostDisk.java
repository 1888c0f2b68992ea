// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.virtio.DiskLimits;
import dev.strata.block.virtio.DiskRequests;

/**
 * What is served.
 *
 * @param id of the export
 * @param disk stays its owner's
 * @param blockSize in bytes, as the guest is told
 * @param queues how many a guest may use
 * @param writeThrough whether writes are on stable storage at once, until a guest says otherwise
 */
public record VhostDisk(
    String id,
    BlockBackend disk,
    boolean readOnly,
    int blockSize,
    int queues,
    boolean writeThrough) {
  /** The most queues; messages have 16 bits for that. */
  public static final int MOST_QUEUES = 0xffff;

  private static final int RANGE_SECTORS = 32768;
  private static final int SEGMENTS = 126; // two of a queue's 128 descriptors are not data's
  private static final String SERIAL = "vhost_user_blk";

  static final long INDIRECT_DESCRIPTORS = 1L << 28;
  static final long EVENT_INDEX = 1L << 29;
  static final long PROTOCOL_FEATURES = 1L << 30;
  static final long VERSION_1 = 1L << 32;

  /** What a client may choose from. */
  long features() {
    return DiskRequests.SIZE_MAX
        | DiskRequests.SEG_MAX
        | (readOnly ? DiskRequests.READ_ONLY : 0)
        | DiskRequests.BLOCK_SIZE
        | DiskRequests.FLUSH
        | DiskRequests.TOPOLOGY
        | DiskRequests.CONFIG_WCE
        | DiskRequests.MULTIPLE_QUEUES
        | DiskRequests.DISCARD
        | DiskRequests.WRITE_ZEROES
        | INDIRECT_DESCRIPTORS
        | EVENT_INDEX
        | PROTOCOL_FEATURES
        | VERSION_1;
  }

  /** The requests of a new client. */
  DiskRequests requests() {
    var limits = new DiskLimits(SEGMENTS, 1, RANGE_SECTORS, false);
    // No device of ours uses it, so that failures are reported: what comes of them is the guest's
    // affair.
    var drive = new GuestDrive("", DriveSettings.DEFAULT, disk, System::nanoTime);
    var requests = new DiskRequests(drive, readOnly, SERIAL, limits);
    requests.writeThrough(writeThrough);
    return requests;
  }
}
