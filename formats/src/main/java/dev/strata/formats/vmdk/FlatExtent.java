// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.Child;
import dev.strata.block.driver.Mapping;

/**
 * An extent whose bytes lie as they are.
 *
 * @see "VMware Virtual Disk Format 5.0, Simple Extents"
 */
final class FlatExtent extends VmdkExtent {
  private final long place;

  /**
   * An extent in {@code file}.
   *
   * @param place of its first byte there
   */
  FlatExtent(Child file, String type, long length, long place) {
    super(file, type, length, 0);
    this.place = place;
  }

  @Override
  Mapping map(long offset, long length) {
    return new Mapping.Data(file(), place + offset, length, true);
  }
}
