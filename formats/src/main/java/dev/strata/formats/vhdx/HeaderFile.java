// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.ImageStamp;

/** The two headers in the file, which are updated in turns. One thread at a time. */
final class HeaderFile {
  private final Child file;
  private final ImageStamp stamp;
  private VhdxHeader header;
  private boolean second; // whether the second one counts

  HeaderFile(Child file, ImageStamp stamp, VhdxHeader.Current current) {
    this.file = file;
    this.stamp = stamp;
    this.header = current.header();
    this.second = current.second();
  }

  VhdxHeader header() {
    return header;
  }

  Guid newId() {
    return Guid.of(stamp.newId());
  }

  /**
   * Says that the file changes, and whose log entries count from now on; on stable storage when it
   * returns.
   */
  void update(Guid logId) throws BlockException {
    Guid fileId = newId();
    Guid dataId = newId();
    // Twice, as the specification says: both headers are of this state then.
    for (int i = 0; i < 2; i++) {
      VhdxHeader next = header.next(fileId, dataId, logId);
      long position = second ? VhdxHeader.FIRST_POSITION : VhdxHeader.SECOND_POSITION;
      file.write(position, next.encode(), 0);
      file.flush();
      header = next;
      second = !second;
    }
  }
}
