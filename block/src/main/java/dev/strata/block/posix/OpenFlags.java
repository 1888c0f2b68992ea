// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

/**
 * The flags of {@code open(2)}; combined by {@code |}. Every descriptor is opened with {@code
 * O_CLOEXEC}.
 */
public final class OpenFlags {
  private static final boolean AARCH64 = System.getProperty("os.arch", "").equals("aarch64");

  public static final int READ_ONLY = 0;
  public static final int WRITE_ONLY = 01;
  public static final int READ_WRITE = 02;

  /** Creates the file if it is not there. */
  public static final int CREATE = 0100;

  /** With {@link #CREATE}: fails with EEXIST if the file is there. */
  public static final int EXCLUSIVE = 0200;

  /** Cuts an existing file to nothing. */
  public static final int TRUNCATE = 01000;

  /** Does not wait for a device to become ready. */
  public static final int NON_BLOCKING = 04000;

  /** A write returns when the data, and what is needed to read it back, is on stable storage. */
  public static final int DATA_SYNC = 010000;

  /** Bypasses the page cache; memory, offset and length must be aligned. */
  public static final int DIRECT = AARCH64 ? 0200000 : 040000;

  /** Fails with ELOOP on a symbolic link. */
  public static final int NO_FOLLOW = AARCH64 ? 0100000 : 0400000;

  /** Fails with ENOTDIR on what is not a directory. */
  public static final int DIRECTORY = AARCH64 ? 040000 : 0200000;

  static final int CLOSE_ON_EXEC = 02000000;

  private OpenFlags() {}
}
