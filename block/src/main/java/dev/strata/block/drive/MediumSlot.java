// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockBackend;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * Where a drive has its medium, and the tray that this may lie in. A medium is not taken out while
 * a request is made of it. Thread-safe.
 */
public final class MediumSlot {
  /** What can be done with the medium. */
  public enum Kind {
    /** It is a disk's own. */
    FIXED,
    /** It can be taken out, as from a floppy drive. */
    REMOVABLE,
    /** It lies in a tray, as in a CD drive. */
    TRAY
  }

  private final StampedLock requests = new StampedLock(); // shared by requests, one changes media
  private volatile @Nullable BlockBackend medium;
  private volatile Kind kind = Kind.REMOVABLE; // as long as no device uses it
  private volatile boolean open;
  private volatile boolean locked;

  MediumSlot(@Nullable BlockBackend medium) {
    this.medium = medium;
  }

  void kind(Kind is) {
    kind = is;
  }

  /** What can be done with the medium. */
  public Kind kind() {
    return kind;
  }

  /** The medium, be the tray open or not; null if there is none. */
  public @Nullable BlockBackend medium() {
    return medium;
  }

  /** Whether the guest cannot reach what is inside. */
  public boolean isOpen() {
    return open;
  }

  /** Whether the guest does not want the medium to be taken out. */
  public boolean isLocked() {
    return locked;
  }

  /** The guest locks the tray, or lets it go. */
  public void lock(boolean value) {
    locked = value;
  }

  /** Has the tray open or closed; whether it was otherwise. */
  synchronized boolean move(boolean opens) {
    boolean moves = open != opens;
    open = opens;
    return moves;
  }

  /** What is there, for a request that {@link #leave} follows. */
  long enter() {
    return requests.readLock();
  }

  void leave(long stamp) {
    requests.unlockRead(stamp);
  }

  /** Does something while no request is made. */
  void quiesced(BlockBackend.Work work) throws BlockException {
    long stamp = requests.writeLock();
    try {
      work.run();
    } finally {
      requests.unlockWrite(stamp);
    }
  }

  /** Puts a medium in. */
  void insert(BlockBackend inserted) {
    long stamp = requests.writeLock();
    medium = inserted;
    requests.unlockWrite(stamp);
  }

  /** Takes the medium out when the requests in flight are done, and closes it. */
  void remove() throws BlockException {
    BlockBackend old;
    long stamp = requests.writeLock();
    try {
      old = medium;
      medium = null;
    } finally {
      requests.unlockWrite(stamp);
    }
    if (old != null) {
      old.close();
    }
  }
}
