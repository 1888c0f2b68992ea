// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.StatusDetail;
import java.util.Optional;

/**
 * A driver that passes every request on to one child, as it came; what a filter changes it
 * overrides.
 */
public abstract class FilterDriver implements BlockDriver {
  private final Child file;

  /** A filter over {@code file}. */
  protected FilterDriver(Child file) {
    this.file = file;
  }

  /** The child that requests go to. */
  protected final Child file() {
    return file;
  }

  @Override
  public Limits limits() {
    return file.limits();
  }

  @Override
  public long length() throws BlockException {
    return file.length();
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    file.read(offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    file.write(offset, from, flags);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    file.writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    file.discard(offset, length);
  }

  @Override
  public void flush() throws BlockException {
    file.flush();
  }

  /**
   * Whether it must not miss what is written to the child, so that whoever comes to write the child
   * writes through it instead.
   */
  public boolean seesAllWrites() {
    return false;
  }

  @Override
  public boolean passesStatusOn() {
    return true;
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    return file.status(offset, length, detail).through(file, offset);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int flags)
      throws BlockException {
    file.truncate(length, exact, mode, flags);
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return file.readsZeroAfterCreate();
  }

  /** What changes the image below as a whole is asked of that image, not of a filter over it. */
  @Override
  public <C> Optional<C> capability(Class<C> type) {
    if (type.isInstance(this)) {
      return Optional.of(type.cast(this));
    }
    boolean hidden =
        type == Checkable.class
            || type == Amendable.class
            || type == BitmapStore.class
            || type == SnapshotAccess.class;
    return hidden ? Optional.empty() : file.capability(type);
  }

  @Override
  public void close() throws BlockException {}
}
