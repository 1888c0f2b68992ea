// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * The {@code ioctl} of block devices (linux/fs.h). On a file that is none, a call fails with
 * ENOTTY. Any thread may call.
 */
public final class BlockDevice {
  private static final int BLKROGET = 0x125e;
  private static final int BLKSSZGET = 0x1268;
  private static final int BLKDISCARD = 0x1277;
  private static final int BLKPBSZGET = 0x127b;
  private static final int BLKZEROOUT = 0x127f;
  private static final long BLKGETSIZE64 = 0x80081272L;

  // linux/cdrom.h
  private static final int CDROM_DRIVE_STATUS = 0x5326;
  private static final int CDSL_CURRENT = Integer.MAX_VALUE; // the slot in use
  private static final int CDS_DISC_OK = 4;

  private final FileDescriptor file;

  public BlockDevice(FileDescriptor file) {
    this.file = file;
  }

  /** The size in bytes. */
  public long size() throws BlockException {
    long size = get(BLKGETSIZE64, Long.BYTES);
    if (size < 0) {
      throw BlockException.of(Errno.EOVERFLOW);
    }
    return size;
  }

  /** The unit of addressing, in bytes. */
  public int logicalBlockSize() throws BlockException {
    return (int) get(BLKSSZGET, Integer.BYTES);
  }

  /** The unit that the device writes without reading first, in bytes. */
  public int physicalBlockSize() throws BlockException {
    return (int) get(BLKPBSZGET, Integer.BYTES);
  }

  public boolean isReadOnly() throws BlockException {
    return get(BLKROGET, Integer.BYTES) != 0;
  }

  /** Whether it is a drive of CDs or DVDs. */
  public boolean isCdDrive() {
    return driveStatus() >= 0;
  }

  /** Whether such a drive has a disc in it that can be read. */
  public boolean hasDisc() {
    return driveStatus() == CDS_DISC_OK;
  }

  private long driveStatus() {
    Scratch scratch = Scratch.ofThread();
    return SystemCall.call(
        scratch, SystemCall.IOCTL, file.number(), CDROM_DRIVE_STATUS, CDSL_CURRENT, 0, 0, 0);
  }

  /** Tells the device that a range is not needed; what it reads as afterwards is undefined. */
  public void discard(long offset, long length) throws BlockException {
    SystemCall.checked(range(BLKDISCARD, offset, length));
  }

  /** Makes a range read as zeroes, by the device's own means where it has some. */
  public void zeroOut(long offset, long length) throws BlockException {
    SystemCall.checked(range(BLKZEROOUT, offset, length));
  }

  private long get(long request, int width) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putLong(0, 0);
    SystemCall.checked(
        SystemCall.call(
            scratch, SystemCall.IOCTL, file.number(), request, scratch.address, 0, 0, 0));
    return width == Long.BYTES
        ? scratch.structure.getLong(0)
        : Integer.toUnsignedLong(scratch.structure.getInt(0));
  }

  private long range(long request, long offset, long length) {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putLong(0, offset);
    scratch.structure.putLong(8, length);
    return SystemCall.call(
        scratch, SystemCall.IOCTL, file.number(), request, scratch.address, 0, 0, 0);
  }
}
