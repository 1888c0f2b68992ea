// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a PC says that it is, and who it is. Texts have no zeroes and at most 255 characters; null
 * is none.
 *
 * @param manufacturer who made it
 * @param product what it is called
 * @param version of the product
 * @param serial a serial number
 * @param uuid all zeroes if it has none
 * @param sku a number for orders
 * @param family what it is one of
 */
public record PcIdentity(
    String manufacturer,
    String product,
    String version,
    @Nullable String serial,
    UUID uuid,
    @Nullable String sku,
    @Nullable String family) {
  /** The board's kind. */
  static final String BOARD = "pc-i440fx-7.2";

  /** A board that nothing else was said of. */
  public static final PcIdentity DEFAULT =
      new PcIdentity(
          "QEMU", "Standard PC (i440FX + PIIX, 1996)", BOARD, null, new UUID(0, 0), null, null);

  /** The 16 bytes of the UUID, as it is written. */
  byte[] uuidBytes() {
    return ByteBuffer.allocate(16)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .array();
  }
}
