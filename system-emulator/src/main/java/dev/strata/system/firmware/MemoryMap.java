// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where RAM is: what firmware reads as the file {@code etc/e820}.
 *
 * @see "ACPI 5.0, 15.1 INT 15H, E820H: the entries' layout"
 */
public final class MemoryMap {
  private static final int ENTRY = 20;
  private static final int RAM = 1;

  private final ByteBuffer entries = ByteBuffer.allocate(ENTRY * 16).order(ByteOrder.LITTLE_ENDIAN);

  /** An empty map. */
  public MemoryMap() {}

  /** Adds RAM; an empty range is left out. */
  public void ram(long address, long length) {
    if (length > 0) {
      entries.putLong(address).putLong(length).putInt(RAM);
    }
  }

  /** The file. */
  public byte[] encode() {
    var bytes = new byte[entries.position()];
    entries.get(0, bytes);
    return bytes;
  }
}
