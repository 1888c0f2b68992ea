// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An identifier, as its 16 bytes lie in the file. */
record Guid(long first, long last) {
  static final Guid ZERO = new Guid(0, 0);

  /** The identifier that is written so: its first three groups lie with their bytes reversed. */
  static Guid of(String text) {
    UUID id = UUID.fromString(text);
    long high = id.getMostSignificantBits();
    ByteBuffer bytes =
        ByteBuffer.allocate(8)
            .putInt(Integer.reverseBytes((int) (high >>> 32)))
            .putShort(Short.reverseBytes((short) (high >>> 16)))
            .putShort(Short.reverseBytes((short) high));
    return new Guid(bytes.getLong(0), id.getLeastSignificantBits());
  }

  static Guid of(UUID id) {
    return new Guid(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  static Guid read(StructReader in, String field) throws BlockException {
    ByteBuffer bytes = ByteBuffer.wrap(in.bytes(field, 16));
    return new Guid(bytes.getLong(), bytes.getLong());
  }

  // A record's own would take the JVM 7 ms to make, at each start.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Guid guid && first == guid.first && last == guid.last;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(first ^ last);
  }

  byte[] bytes() {
    return ByteBuffer.allocate(16).putLong(first).putLong(last).array();
  }
}
