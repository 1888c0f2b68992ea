// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;

/**
 * What a file system may be told of how to lay out a file, before anything is in it (linux/fs.h).
 * Most file systems know none of it: EOPNOTSUPP or ENOTTY then. Any thread may call.
 */
public final class AllocationHints {
  private static final long FS_IOC_GETFLAGS = 0x80086601L;
  private static final long FS_IOC_SETFLAGS = 0x40086602L;
  private static final long FS_IOC_FSGETXATTR = 0x801c581fL;
  private static final long FS_IOC_FSSETXATTR = 0x401c5820L;

  private static final int FS_NOCOW_FL = 0x0080_0000;
  private static final int FS_XFLAG_EXTSIZE = 0x800;

  private final FileDescriptor file;

  public AllocationHints(FileDescriptor file) {
    this.file = file;
  }

  /** Has later writes go in place instead of to new blocks; the file has to be empty. */
  public void turnOffCopyOnWrite() throws BlockException {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.putLong(0, 0);
    ioctl(scratch, FS_IOC_GETFLAGS);
    scratch.structure.putInt(0, scratch.structure.getInt(0) | FS_NOCOW_FL);
    ioctl(scratch, FS_IOC_SETFLAGS);
  }

  /**
   * Has storage allocated in units of that size.
   *
   * @param bytes below 4 GiB; a file system takes multiples of its block size
   */
  public void extentSize(long bytes) throws BlockException {
    Scratch scratch = Scratch.ofThread();
    // struct fsxattr: fsx_xflags, fsx_extsize, and 20 bytes that go back as they came.
    ioctl(scratch, FS_IOC_FSGETXATTR);
    scratch.structure.putInt(0, scratch.structure.getInt(0) | FS_XFLAG_EXTSIZE);
    scratch.structure.putInt(4, (int) bytes);
    ioctl(scratch, FS_IOC_FSSETXATTR);
  }

  private void ioctl(Scratch scratch, long request) throws BlockException {
    SystemCall.checked(
        SystemCall.call(
            scratch, SystemCall.IOCTL, file.number(), request, scratch.address, 0, 0, 0));
  }
}
