// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import dev.strata.block.BlockException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes a section's fields. */
final class FieldWriter extends StateFields {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  byte[] written() {
    return out.toByteArray();
  }

  @Override
  public boolean isLoading() {
    return false;
  }

  @Override
  long number(String field, int bytes, long value, long least, long most) {
    if (value < least || value > most) {
      // It could not be read back: better now than when it is needed.
      throw new IllegalStateException(field + " is " + value);
    }
    for (int shift = 8 * bytes - 8; shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
    return value;
  }

  @Override
  public void bytes(String field, byte[] value) {
    out.writeBytes(value);
  }

  @Override
  public void memory(String field, MemorySegment value) {
    out.writeBytes(value.toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public BlockException wrong(String field, String what) {
    throw new IllegalStateException(field + " " + what);
  }
}
