// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.nio.ByteBuffer;

/**
 * What {@code statx(2)} says of an open file.
 *
 * @param mode type and permission bits, as {@code st_mode}
 * @param size in bytes; 0 for a device
 * @param allocatedBytes what the file occupies on its disk
 * @param preferredBlockSize in bytes, as {@code st_blksize}
 * @param device the file system the file is on, major number in the upper 32 bits
 * @param inode with {@code device}, what makes two descriptors the same file
 * @param specialDevice the device that a device file stands for, as {@code device}; otherwise 0
 * @param linkCount how many names the file has
 * @param directMemoryAlignment of buffers for {@link OpenFlags#DIRECT}, in bytes; 0 if the file
 *     cannot be used so, -1 if the kernel (before 6.1) or the file system does not tell
 * @param directOffsetAlignment of offsets and lengths, likewise
 */
public record FileStatus(
    int mode,
    long size,
    long allocatedBytes,
    int preferredBlockSize,
    long device,
    long inode,
    long specialDevice,
    long linkCount,
    int directMemoryAlignment,
    int directOffsetAlignment) {

  private static final int TYPE_MASK = 0170000;
  private static final int REGULAR = 0100000;
  private static final int BLOCK_DEVICE = 060000;
  private static final int CHARACTER_DEVICE = 020000;
  private static final int DIRECTORY = 040000;
  private static final int SOCKET = 0140000;

  private static final int UNIT_OF_BLOCKS = 512;

  static final int STATX_SIZE = 256;
  static final int STATX_BASIC_STATS = 0x7ff;
  static final int STATX_DIOALIGN = 0x2000;

  /** Reads {@code struct statx} at the start of the buffer. Its layout is that of all machines. */
  static FileStatus decode(ByteBuffer statx) {
    boolean tellsAlignment = (statx.getInt(0) & STATX_DIOALIGN) != 0; // stx_mask
    return new FileStatus(
        Short.toUnsignedInt(statx.getShort(28)),
        statx.getLong(40),
        statx.getLong(48) * UNIT_OF_BLOCKS,
        statx.getInt(4),
        deviceNumber(statx, 136),
        statx.getLong(32),
        deviceNumber(statx, 128),
        Integer.toUnsignedLong(statx.getInt(16)),
        tellsAlignment ? statx.getInt(152) : -1,
        tellsAlignment ? statx.getInt(156) : -1);
  }

  private static long deviceNumber(ByteBuffer statx, int offset) {
    return (long) statx.getInt(offset) << 32 | Integer.toUnsignedLong(statx.getInt(offset + 4));
  }

  public boolean isRegularFile() {
    return (mode & TYPE_MASK) == REGULAR;
  }

  public boolean isBlockDevice() {
    return (mode & TYPE_MASK) == BLOCK_DEVICE;
  }

  public boolean isCharacterDevice() {
    return (mode & TYPE_MASK) == CHARACTER_DEVICE;
  }

  public boolean isDirectory() {
    return (mode & TYPE_MASK) == DIRECTORY;
  }

  public boolean isSocket() {
    return (mode & TYPE_MASK) == SOCKET;
  }

  /** Whether both describe one file, under whatever names. */
  public boolean isSameFile(FileStatus other) {
    return device == other.device && inode == other.inode;
  }
}
