// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.Errno;

/** The failures that may be sent: numbers, whatever they are on either host. */
public final class NbdError {
  public static final int EPERM = 1;
  public static final int EIO = 5;
  public static final int ENOMEM = 12;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int EOVERFLOW = 75;
  public static final int ENOTSUP = 95;
  public static final int ESHUTDOWN = 108;

  private NbdError() {}

  /** What a server sends for a failure of the block layer. */
  public static int of(Errno errno) {
    return switch (errno) {
      case EPERM, EROFS -> EPERM;
      case ENOMEM -> ENOMEM;
      case EINVAL, EACCES -> EINVAL; // EPERM would say that the whole disk may not be written
      case ENOSPC, EDQUOT, EFBIG -> ENOSPC;
      case EOVERFLOW -> EOVERFLOW;
      case EOPNOTSUPP, ENOSYS -> ENOTSUP;
      case ESHUTDOWN -> ESHUTDOWN;
      default -> EIO;
    };
  }

  /** What a client makes of a number that is not 0: what may not be sent counts as EINVAL. */
  public static Errno errno(int error) {
    return switch (error) {
      case EPERM -> Errno.EPERM;
      case EIO -> Errno.EIO;
      case ENOMEM -> Errno.ENOMEM;
      case ENOSPC -> Errno.ENOSPC;
      case EOVERFLOW -> Errno.EOVERFLOW;
      case ENOTSUP -> Errno.EOPNOTSUPP;
      case ESHUTDOWN -> Errno.ESHUTDOWN;
      default -> Errno.EINVAL;
    };
  }
}
