// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import java.lang.foreign.MemorySegment;

/** Reads a section's fields, and checks each. */
final class FieldReader extends StateFields {
  private final String section;
  private final StructReader in;

  FieldReader(String section, byte[] body) {
    this.section = section;
    this.in = StructReader.bigEndian(body);
  }

  @Override
  public boolean isLoading() {
    return true;
  }

  @Override
  long number(String field, int bytes, long value, long least, long most) throws BlockException {
    need(field, bytes);
    long read =
        switch (bytes) {
          case 1 -> in.u8(field);
          case 2 -> in.u16(field);
          case 4 -> (int) in.u32(field);
          default -> in.u64(field);
        };
    if (read < least || read > most) {
      throw wrong(field, "is " + read + ", not from " + least + " to " + most);
    }
    return read;
  }

  private void need(String field, long bytes) throws BlockException {
    if (in.remaining() < bytes) {
      throw wrong(field, "is missing");
    }
  }

  @Override
  public void bytes(String field, byte[] value) throws BlockException {
    need(field, value.length);
    System.arraycopy(in.bytes(field, value.length), 0, value, 0, value.length);
  }

  @Override
  public void memory(String field, MemorySegment value) throws BlockException {
    need(field, value.byteSize());
    value.copyFrom(in.slice(field, value.byteSize()));
  }

  void end() throws BlockException {
    if (in.remaining() != 0) {
      throw wrong("length", "is " + in.remaining() + " bytes too many");
    }
  }

  @Override
  public BlockException wrong(String field, String what) {
    return new BlockException(
        Errno.EINVAL, "saved state of '" + section + "': " + field + " " + what);
  }
}
