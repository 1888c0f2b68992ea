// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.formats.crypto.HeaderArea;

/** The header at the beginning of a file. */
record FileHeader(Child file) implements HeaderArea {
  @Override
  public void read(long offset, byte[] into) throws BlockException {
    file.read(offset, into, 0);
  }

  @Override
  public void write(long offset, byte[] from) throws BlockException {
    file.write(offset, from, 0);
  }

  @Override
  public void flush() throws BlockException {
    file.flush();
  }
}
