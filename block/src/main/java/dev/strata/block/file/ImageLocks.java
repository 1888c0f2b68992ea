// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.posix.AdvisoryLocks;

/**
 * Says to other programs what is done with a file and what they may not do meanwhile: locks on
 * single bytes that have nothing to do with the file's content. Byte 100 + n is read-locked by who
 * needs permission n, byte 200 + n by who does not share it; the numbers are those that QEMU uses,
 * so that it and Strata refuse each other's images.
 */
final class ImageLocks {
  private static final long NEEDED = 100;
  private static final long UNSHARED = 200;

  private final AdvisoryLocks locks;
  private final String filename;
  private int needed; // bits by Permission.ordinal()
  private int unshared;

  ImageLocks(AdvisoryLocks locks, String filename) {
    this.locks = locks;
    this.filename = filename;
  }

  /** Takes the locks for those permissions and gives up those that are needed no longer. */
  void change(Permissions permissions) throws BlockException {
    int wantedNeeded = 0;
    int wantedUnshared = 0;
    for (Permission permission : Permission.values()) {
      int bit = 1 << permission.ordinal();
      wantedNeeded |= permissions.needed().contains(permission) ? bit : 0;
      wantedUnshared |= permissions.shared().contains(permission) ? 0 : bit;
    }
    boolean taken = false;
    try {
      lock(wantedNeeded & ~needed, NEEDED, "");
      lock(wantedUnshared & ~unshared, UNSHARED, "shared ");
      check(wantedNeeded & ~needed, UNSHARED, "");
      check(wantedUnshared & ~unshared, NEEDED, "shared ");
      taken = true;
    } finally {
      if (!taken) {
        unlock(wantedNeeded & ~needed, NEEDED);
        unlock(wantedUnshared & ~unshared, UNSHARED);
      }
    }
    unlock(needed & ~wantedNeeded, NEEDED);
    unlock(unshared & ~wantedUnshared, UNSHARED);
    needed = wantedNeeded;
    unshared = wantedUnshared;
  }

  /** Takes the same locks on another descriptor of the same file, which will replace this one. */
  ImageLocks moveTo(AdvisoryLocks other) throws BlockException {
    var moved = new ImageLocks(other, filename);
    moved.lock(needed, NEEDED, "");
    moved.lock(unshared, UNSHARED, "shared ");
    moved.needed = needed;
    moved.unshared = unshared;
    return moved;
  }

  private void lock(int bits, long base, String kind) throws BlockException {
    for (Permission permission : Permission.values()) {
      if ((bits & 1 << permission.ordinal()) != 0
          && !locks.tryLock(base + permission.ordinal(), 1, false)) {
        throw refused(permission, kind);
      }
    }
  }

  private void check(int bits, long base, String kind) throws BlockException {
    for (Permission permission : Permission.values()) {
      if ((bits & 1 << permission.ordinal()) != 0
          && locks.isHeldElsewhere(base + permission.ordinal(), 1, true)) {
        throw refused(permission, kind);
      }
    }
  }

  private BlockException refused(Permission permission, String kind) {
    return new BlockException(
            Errno.EAGAIN, "Failed to get " + kind + "\"" + permission.words() + "\" lock")
        .withHint("Is another process using the image [" + filename + "]?");
  }

  private void unlock(int bits, long base) throws BlockException {
    for (Permission permission : Permission.values()) {
      if ((bits & 1 << permission.ordinal()) != 0) {
        locks.unlock(base + permission.ordinal(), 1);
      }
    }
  }
}
