// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.smbios;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A structure: numbers, little-endian, and strings, which stand behind them.
 *
 * @see "System Management BIOS Reference Specification 3.0, 6.1"
 */
public final class Structure {
  private static final int HEADER = 4;

  private final int type;
  private final int handle;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
  private int count;

  /**
   * A structure with nothing in it.
   *
   * @param handle what others call it
   */
  public Structure(int type, int handle) {
    this.type = type;
    this.handle = handle;
  }

  /** Adds bytes. */
  public Structure bytes(int... values) {
    for (int value : values) {
      body.write(value);
    }
    return this;
  }

  /** Adds two bytes. */
  public Structure u16(int value) {
    return bytes(value, value >> 8);
  }

  /** Adds four bytes. */
  public Structure u32(long value) {
    return u16((int) value).u16((int) (value >> 16));
  }

  /** Adds eight bytes. */
  public Structure u64(long value) {
    return u32(value).u32(value >>> 32);
  }

  /** Adds the number of a string, which is without zeroes; null is none. */
  public Structure string(@Nullable String value) {
    if (value == null || value.isEmpty()) {
      return bytes(0);
    }
    strings.writeBytes(value.getBytes(UTF_8));
    strings.write(0);
    return bytes(++count);
  }

  byte[] encode() {
    var all = new ByteArrayOutputStream();
    all.write(type);
    all.write(HEADER + body.size());
    all.write(handle);
    all.write(handle >> 8);
    all.writeBytes(body.toByteArray());
    all.writeBytes(strings.toByteArray());
    all.write(0);
    if (count == 0) {
      all.write(0);
    }
    return all.toByteArray();
  }
}
