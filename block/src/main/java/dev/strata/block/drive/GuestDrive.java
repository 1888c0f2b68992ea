// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.IoStatus;
import dev.strata.block.throttle.ThrottleGroup;
import java.util.EnumSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A guest's drive: the way of a device's requests to the medium, if there is one. A request that
 * fails is reported, or counts as done, or is held on its thread until the machine goes on and then
 * made again, as the drive's {@link ErrorPolicy} has it. Thread-safe.
 */
public final class GuestDrive {
  /**
   * A device that uses a drive.
   *
   * @param place in the tree of objects
   * @param id that the user gave it, or null
   * @param errors null if it knows only success and failure
   */
  public record User(
      String place, @Nullable String id, MediumSlot.Kind kind, @Nullable ErrorPolicy errors) {
    /** What clients know the device by. */
    public String name() {
      return id == null ? place : id;
    }
  }

  private volatile String name;
  private final DriveSettings settings;
  private final MediumSlot slot;
  private final DriveCounts counts;
  private final HeldRequests held = new HeldRequests();
  private volatile @Nullable User user;
  private volatile @Nullable DriveDevice device;
  private volatile DriveListener listener = DriveListener.NOBODY;
  private volatile IoStatus status = IoStatus.OK;
  private volatile boolean deleted;
  private volatile boolean shared;
  // Of the last medium.
  private volatile NodeFlags lastFlags;
  private volatile boolean lastWriteThrough;
  private volatile @Nullable ThrottleGroup lastLimits;

  /**
   * A drive that no device uses.
   *
   * @param name "" if a device uses a node that the user made
   * @param medium null for none; the drive closes it when it is taken out
   * @param clock the nanoseconds that requests take
   */
  public GuestDrive(
      String name, DriveSettings settings, @Nullable BlockBackend medium, LongSupplier clock) {
    this.name = name;
    this.settings = settings;
    this.slot = new MediumSlot(medium);
    this.counts = new DriveCounts(clock, settings);
    this.lastFlags = settings.media();
  }

  /** What it is called; "" if it has no name. */
  public String name() {
    return name;
  }

  /** What the user has said of it. */
  public DriveSettings settings() {
    return settings;
  }

  /** Says which device uses it, before any request. */
  public void use(User by) {
    user = by;
    slot.kind(by.kind());
    BlockBackend medium = slot.medium();
    if (medium != null) {
      medium.attach(by.name());
    }
  }

  /** Has others be allowed to write to its media, or not. */
  public void share(boolean allowed) {
    shared = allowed;
  }

  /** The device that uses it, or null. */
  public @Nullable User user() {
    return user;
  }

  /** Says who hears of its failures and its tray. */
  public void listener(DriveListener told) {
    listener = told;
  }

  /** Says whom changes of the medium concern. */
  public void device(DriveDevice concerned) {
    device = concerned;
  }

  /** Where its medium is. */
  public MediumSlot slot() {
    return slot;
  }

  /** The medium, be the tray open or not; null if there is none. */
  public @Nullable BlockBackend medium() {
    return slot.medium();
  }

  /** The accounts of its requests. */
  public DriveCounts counts() {
    return counts;
  }

  /** Whether a failure has stopped the machine; null if none would. */
  public @Nullable IoStatus ioStatus() {
    ErrorPolicy errors = errors();
    return errors == null || !errors.mayStop() ? null : status;
  }

  /** It is deleted, while a device uses it: it has no name any more, and failures are reported. */
  public void forgetName() {
    deleted = true;
    name = "";
  }

  private @Nullable ErrorPolicy errors() {
    User by = user;
    if (by != null && deleted) {
      return ErrorPolicy.REPORT;
    }
    return by == null ? null : by.errors();
  }

  // Requests

  /** The medium's length in bytes; 0 without one. */
  public long length() {
    long stamp = slot.enter();
    try {
      BlockBackend medium = slot.medium();
      return medium == null ? 0 : medium.length();
    } finally {
      slot.leave(stamp);
    }
  }

  /** Fills {@code into}. */
  public void read(long offset, IoVector into) throws BlockException {
    run(Access.READ, offset, into.length(), into, 0);
  }

  /** Writes {@code from}. */
  public void write(long offset, IoVector from, int flags) throws BlockException {
    run(Access.WRITE, offset, from.length(), from, flags);
  }

  /** Writes zeroes. */
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    run(Access.WRITE, offset, length, null, flags);
  }

  /** Gives bytes back. */
  public void discard(long offset, long length) throws BlockException {
    run(Access.UNMAP, offset, length, null, 0);
  }

  /** Returns when all that was written is on stable storage. */
  public void flush() throws BlockException {
    run(Access.FLUSH, 0, 0, null, 0);
  }

  /** The device was asked for what makes no sense. */
  public void invalid(Access access) {
    counts.invalid(access);
  }

  private void run(Access access, long offset, long length, @Nullable IoVector data, int flags)
      throws BlockException {
    long resets = held.resets();
    boolean again = true;
    while (again) {
      long begun = counts.now();
      try {
        attempt(access, offset, length, data, flags);
        again = false;
        counts.succeeded(access, length, begun);
      } catch (BlockException e) {
        again = isWorthRetrying(access, e, length, begun, resets);
      }
    }
  }

  private void attempt(Access access, long offset, long length, @Nullable IoVector data, int flags)
      throws BlockException {
    long stamp = slot.enter();
    try {
      BlockBackend medium = slot.medium();
      if (medium == null) {
        throw BlockException.of(Errno.ENOMEDIUM);
      }
      switch (access) {
        case READ -> medium.read(offset, data == null ? IoVector.empty() : data, flags);
        case WRITE -> {
          if (data == null) {
            medium.writeZeroes(offset, length, flags);
          } else {
            medium.write(offset, data, flags);
          }
        }
        case FLUSH -> medium.flush();
        case UNMAP -> medium.discard(offset, length);
      }
    } finally {
      slot.leave(stamp);
    }
  }

  /** Whether a request that failed is to be made again; if not, and it counts as done, or fails. */
  private boolean isWorthRetrying(
      Access access, BlockException failure, long length, long begun, long resets)
      throws BlockException {
    ErrorPolicy errors = errors();
    if (errors == null) {
      counts.failed(access, begun);
      throw failure;
    }
    ErrorAction action = errors.actionFor(access, failure);
    long resumptions = held.resumptions();
    if (action == ErrorAction.STOP && status == IoStatus.OK) {
      status = failure.errno() == Errno.ENOSPC ? IoStatus.NOSPACE : IoStatus.FAILED;
    }
    listener.failed(this, access, action, failure);
    switch (action) {
      case IGNORE -> counts.succeeded(access, length, begun);
      case REPORT -> {
        counts.failed(access, begun);
        throw failure;
      }
      case STOP -> {
        if (!held.await(resumptions, resets)) {
          throw failure;
        }
        return true;
      }
    }
    return false;
  }

  // The machine

  /** The machine goes on: requests that were held are made again. */
  public void resume() {
    if (!name.isEmpty()) { // the reference forgets only about drives that have a name
      status = IoStatus.OK;
    }
    held.resume();
  }

  /** The device is reset: requests that are held fail, for nobody waits for them. */
  public void abandon() {
    held.abandon();
  }

  /** From now on no request is held, and those that are fail; or they are again. */
  public void abandonAll(boolean abandoned) {
    held.abandonAll(abandoned);
  }

  /** Whether a request waits for the machine to go on. */
  public boolean holdsRequests() {
    return held.count() > 0;
  }

  /** How many requests wait for the machine to go on. */
  public int heldRequests() {
    return held.count();
  }

  // The medium

  /** Somebody, be it the guest, opens the tray or closes it; whether it has moved. */
  public boolean moveTray(boolean open) {
    boolean moved = slot.move(open);
    if (moved) {
      listener.trayMoved(this, open);
    }
    return moved;
  }

  /** Tells the device that what it can reach has changed. */
  public void tellMediumChanged() {
    DriveDevice concerned = device;
    if (concerned != null) {
      concerned.mediumChanged();
    }
  }

  /** Tells the device that its medium has another length. */
  public void tellResized() {
    DriveDevice concerned = device;
    if (concerned != null) {
      concerned.resized();
    }
  }

  /** Asks the guest for what it has locked, or takes the lock from it. */
  public void requestEject(boolean forced) {
    DriveDevice concerned = device;
    if (concerned != null) {
      concerned.ejectRequested(forced);
    }
  }

  /** The same of a drive that no device uses: nobody writes by it, and others do what they like. */
  public static Permissions unattached() {
    return new Permissions(permissions(false).needed(), EnumSet.allOf(Permission.class));
  }

  /** What its user needs to be allowed of a medium that is put in, and what others may do. */
  public Permissions permissionsNow(boolean writes) {
    return user == null ? unattached() : permissions(writes, shared);
  }

  /** What a device needs to be allowed of its disk, and what it lets others do. */
  public static Permissions permissions(boolean writes) {
    return permissions(writes, false);
  }

  /**
   * The same.
   *
   * @param shared whether others may write
   */
  public static Permissions permissions(boolean writes, boolean shared) {
    var needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (writes) {
      needed.add(Permission.WRITE);
    }
    var allowed =
        EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED, Permission.RESIZE);
    if (shared) {
      allowed.add(Permission.WRITE);
    }
    return new Permissions(needed, allowed);
  }

  /** How the medium is open, or the last one was. */
  public NodeFlags mediaFlags() {
    BlockBackend medium = slot.medium();
    return medium == null ? lastFlags : medium.node().flags();
  }

  /** Puts a medium in, which keeps to the limits that the last one kept to. One at a time. */
  public void insert(BlockBackend medium) {
    medium.writeThrough(lastWriteThrough);
    User by = user;
    if (by != null) {
      medium.attach(by.name());
    }
    ThrottleGroup limits = lastLimits;
    if (limits != null) {
      medium.throttle(limits);
    }
    slot.insert(medium);
  }

  /** Takes the medium out, when the requests in flight are done. One at a time. */
  public void remove() throws BlockException {
    BlockBackend medium = slot.medium();
    if (medium != null) {
      lastFlags = medium.node().flags();
      lastWriteThrough = medium.writeThrough();
      lastLimits = medium.throttleGroup();
    }
    slot.remove();
  }

  /** Does something while no request is made of the medium, and none begins. */
  public void quiesced(BlockBackend.Work work) throws BlockException {
    slot.quiesced(work);
  }
}
