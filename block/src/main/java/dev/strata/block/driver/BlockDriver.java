// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.Child;
import dev.strata.block.CopyOffload;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.option.BlockOptions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An opened node's driver.
 *
 * <p>Requests arrive checked against the node's size, cut and aligned to {@link #limits}, from any
 * number of threads at once. Status requests may ask for any range within the size. The graph stops
 * all requests before it calls {@link #reopen}, {@link #permissions} or {@link #close}.
 */
public interface BlockDriver extends BlockIo, AutoCloseable {
  /** The requests this driver takes; constant until {@link #reopen}. */
  Limits limits();

  /**
   * Whether a file of this driver that has just been created and grown reads as zeroes where
   * nothing was written.
   */
  default boolean readsZeroAfterCreate() {
    return false;
  }

  /**
   * Whether requests are carried out by somebody else, to whom they and whose answers travel: many
   * at once take hardly longer than one.
   */
  default boolean waitsForPeer() {
    return false;
  }

  /** An {@link #allocatedSize} that cannot be told, not from the children's either. */
  long UNKNOWN_SIZE = -2;

  /** The bytes that the node occupies on the host; -1 to let the graph add up the children's. */
  default long allocatedSize() throws BlockException {
    return -1;
  }

  /**
   * A file name that opens the same content without any option, or null if options are needed.
   * Formats and filters answer null: theirs follows from their child's.
   */
  default @Nullable String exactFilename() {
    return null;
  }

  /** The backing file that the image names, or null; asked once after opening. */
  default @Nullable BackingReference backing() {
    return null;
  }

  /**
   * What this driver can do beyond {@link BlockIo}: itself, if it implements the type. A filter
   * looks through to its child for most.
   */
  default <C> Optional<C> capability(Class<C> type) {
    return type.isInstance(this) ? Optional.of(type.cast(this)) : Optional.empty();
  }

  /**
   * Whether it can say what clusters it has, be it that there are none: {@link ImageInfo}, and
   * files of the host.
   */
  default boolean tellsOfClusters() {
    return this instanceof ImageInfo;
  }

  /**
   * Whether block status is asked of the child at the same place, so that it may begin and end
   * where the child's does, whatever the unit of addressing.
   */
  default boolean passesStatusOn() {
    return false;
  }

  /**
   * The users' permissions on the node as a whole have changed; a driver that shares its file with
   * other programs locks accordingly.
   *
   * @throws BlockException if they cannot be had; the old ones then stay in force
   */
  default void permissions(Permissions all) throws BlockException {}

  /**
   * What this driver does with a child, given what follows from the child's role and from what the
   * node's users do.
   */
  default Permissions childPermissions(Child child, Permissions permissions) {
    return permissions;
  }

  /** Whether {@link #reopen} can be called at all. */
  default boolean reopens() {
    return true;
  }

  /**
   * Takes on other flags or options without losing its content; nothing is in flight. The driver's
   * children have been reopened before.
   *
   * @param options takes those that it lets change from here
   * @return what takes the options back; for the flags it is asked to reopen once more
   * @throws BlockException if that is impossible; the driver then works on as it did
   */
  default Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    return Undo.NOTHING;
  }

  /** As {@link #reopen}, but options that are left out become what they are by default. */
  default Undo reopenAnew(NodeFlags flags, BlockOptions options) throws BlockException {
    return reopen(flags, options);
  }

  /** What is known of the content may be outdated: another program had it. Nothing is in flight. */
  default void forget() {}

  /** Takes back a change of options. */
  @FunctionalInterface
  interface Undo {
    /** For a driver that keeps nothing of its options. */
    Undo NOTHING = () -> {};

    /** Nothing is in flight. */
    void run();
  }

  /** Drivers whose nodes have one size only do not have this. */
  @Override
  default void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    throw new BlockException(Errno.EOPNOTSUPP, "Image format driver does not support resize");
  }

  /**
   * Copies bytes of a file into this node as a write would, without the bytes passing through this
   * process.
   *
   * @param source whose bytes from {@code sourceOffset} on do not change meanwhile
   * @param length at least 1
   * @return how many bytes were copied, perhaps less than {@code length}; 0 if this driver or the
   *     host cannot do it here: the bytes then have to be read and written
   */
  default long copyFrom(CopyOffload source, long sourceOffset, long offset, long length)
      throws BlockException {
    return 0;
  }

  /**
   * The requests in flight are to end soon: a driver that holds some back lets them go, and those
   * that come, until {@link #resume}. Calls may be nested.
   */
  default void drain() {}

  /** Ends what one {@link #drain} began. */
  default void resume() {}

  /**
   * Whether {@link #flush} flushes the children too; else the graph does it afterwards, and one
   * that fails fails the flush.
   */
  default boolean flushesChildren() {
    return false;
  }

  /** A driver above is about to do that; for fault injection. */
  default void event(DebugEvent event) throws BlockException {}

  /** Writes back what is cached and gives everything up; the children are still usable. */
  @Override
  void close() throws BlockException;
}
