// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;

/** A file that lies in a tar without its holes. */
final class SparseMember extends ArchivedFile {
  private final Child archive;
  private final long start;
  private final SparseMap map;

  /**
   * A file with those holes.
   *
   * @param start of the data in the archive
   */
  SparseMember(Child archive, long start, SparseMap map) {
    super(map.size());
    this.archive = archive;
    this.start = start;
    this.map = map;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    for (long done = 0; done < into.length(); ) { // a byte at least each time
      Extent extent = status(offset + done, into.length() - done, StatusDetail.ZEROES);
      IoVector part = into.slice(done, extent.length());
      if (extent.zero()) {
        part.fill((byte) 0);
      } else {
        archive.read(extent.fileOffset(), part, flags);
      }
      done += extent.length();
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    int run = map.runAt(offset);
    long left = map.left(run, offset);
    if (left > 0) {
      return Extent.data(offset, Math.min(length, left), null, start + map.place(run, offset));
    }
    return Extent.zero(offset, Math.min(length, map.next(run) - offset));
  }
}
