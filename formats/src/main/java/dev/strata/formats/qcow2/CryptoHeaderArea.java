// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.formats.crypto.HeaderArea;

/**
 * The clusters of an image that hold its encryption header.
 *
 * @param start of the first one in {@code file}
 * @param length of what is used of them, in bytes, unsigned
 * @see "QEMU docs/interop/qcow2.txt, Full disk encryption header pointer"
 */
record CryptoHeaderArea(Child file, long start, long length) implements HeaderArea {

  private long place(String verb, long offset, long bytes) throws BlockException {
    if (Long.compareUnsigned(offset + bytes, length) > 0) {
      throw new BlockException(Errno.EINVAL, "Request for data outside of extension header");
    }
    // No file is longer than this, and what lies behind its end may not be made of it.
    if (start < 0 || start > (Long.MAX_VALUE >> 1) - offset - bytes) {
      throw BlockException.of(Errno.EIO, "Could not " + verb + " encryption header");
    }
    return start + offset;
  }

  @Override
  public void read(long offset, byte[] into) throws BlockException {
    long place = place("read", offset, into.length);
    try {
      file.read(place, into, 0);
    } catch (BlockException e) {
      throw e.during("Could not read encryption header");
    }
  }

  @Override
  public void write(long offset, byte[] from) throws BlockException {
    long place = place("write", offset, from.length);
    try {
      file.write(place, from, 0);
    } catch (BlockException e) {
      throw e.during("Could not write encryption header");
    }
  }

  @Override
  public void flush() throws BlockException {
    file.flush();
  }
}
