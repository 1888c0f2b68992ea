// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.driver.OpenContext;

/** What is done when metadata turn out to be wrong: say so once, mark the image, stop using it. */
final class Corruption {
  private final OpenContext context;
  private final HeaderFile header;
  private volatile boolean fatal;
  private boolean told;

  Corruption(OpenContext context, HeaderFile header) {
    this.context = context;
    this.header = header;
  }

  /** Whether the image may no longer be used until it is opened again. */
  boolean isFatal() {
    return fatal;
  }

  /** Something was left half done that only opening the image again can put right. */
  void abandon() {
    fatal = true;
  }

  /** Throws if the image may no longer be used. */
  void checkUsable() throws BlockException {
    if (fatal) {
      throw BlockException.of(Errno.ENOMEDIUM);
    }
  }

  /** Throws if the image may not be written. */
  void checkWritable() throws BlockException {
    if ((header.header().incompatible() & Feature.CORRUPT) != 0 && !context.flags().check()) {
      throw new BlockException(
          Errno.EACCES, "qcow2: Image is corrupt; cannot be opened read/write");
    }
  }

  /**
   * Metadata cannot be right.
   *
   * @param offset of the place concerned; -1 if there is none
   * @return the failure to throw
   */
  BlockException report(String message, long offset, long length) {
    boolean mark = context.flags().writable();
    if (!told || (mark && !fatal)) {
      context.warn(
          mark
              ? "qcow2: Marking image as corrupt: "
                  + message
                  + "; further corruption events will be suppressed"
              : "qcow2: Image is corrupt: "
                  + message
                  + "; further non-fatal corruption events will be suppressed");
      context.tell(
          new BlockEvent.ImageCorrupted(context.nodeName(), message, offset, length, mark));
    }
    told = true;
    if (mark && !fatal) {
      fatal = true;
      try {
        Qcow2Header h = header.header();
        if (h.version() >= 3) {
          header.write(
              h.withFeatures(h.incompatible() | Feature.CORRUPT, h.compatible(), h.autoclear()));
        }
      } catch (BlockException e) {
        return e;
      }
    }
    return BlockException.of(Errno.EIO);
  }
}
