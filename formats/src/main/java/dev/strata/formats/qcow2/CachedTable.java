// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.IoVector;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** A refcount block or a slice of an L2 table in memory, as it stands on disk. */
final class CachedTable {
  private final ByteBuffer bytes;
  private final LongBuffer words;
  private final IoVector vector;
  long offset = -1; // in the file; -1 while unused
  boolean dirty;
  long lastUse;

  /** A table in {@code memory}, which is off-heap. */
  CachedTable(ByteBuffer memory) {
    this.bytes = memory; // big-endian access without VarHandles
    this.words = bytes.asLongBuffer();
    this.vector = IoVector.of(memory);
  }

  /** The same table in other memory. */
  CachedTable(ByteBuffer memory, CachedTable table) {
    this(memory);
    memory.put(0, table.bytes, 0, memory.limit());
    this.offset = table.offset;
    this.dirty = table.dirty;
    this.lastUse = table.lastUse;
  }

  /** The table's bytes, big-endian. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** The same bytes, for requests. */
  IoVector vector() {
    return vector;
  }

  /** The 64-bit word at that index. */
  long word(int index) {
    return words.get(index);
  }

  /** Sets the 64-bit word at that index. */
  void word(int index, long value) {
    words.put(index, value);
    dirty = true;
  }
}
