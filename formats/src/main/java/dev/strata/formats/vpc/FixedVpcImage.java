// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vpc;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.OpenContext;

/** An open fixed image: the disk as it is, and a footer, which is never written again. */
final class FixedVpcImage extends MappedImage implements ImageInfo {
  private final Child file;
  private final long length;

  FixedVpcImage(OpenContext context, Child file, long length) {
    super(context);
    this.file = file;
    this.length = length;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public Limits limits() {
    return Limits.NONE;
  }

  @Override
  public boolean readsZeroAfterCreate() {
    return file.readsZeroAfterCreate();
  }

  @Override
  protected long granularity() {
    return DynamicHeader.SECTOR;
  }

  @Override
  protected boolean hasHoles() {
    return true;
  }

  @Override
  protected Mapping map(long guestOffset, long length) {
    return new Mapping.Data(file, guestOffset, length, true);
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    throw BlockException.of(Errno.EIO);
  }

  @Override
  public void flush() {}

  @Override
  public long clusterSize() {
    return 0;
  }

  @Override
  public void close() {}
}
