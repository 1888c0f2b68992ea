// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.smbios;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.system.firmware.FirmwareConfig;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The structures, and the entry point by which they are found. Firmware adds a structure about
 * itself, puts them into memory, and then sets the entry point's address and checksums.
 *
 * @see "System Management BIOS Reference Specification 3.0, 5.2.1"
 */
public final class SmbiosTables {
  private static final String TABLES = "etc/smbios/smbios-tables";
  private static final String ENTRY_POINT = "etc/smbios/smbios-anchor";
  private static final int ENTRY_POINT_SIZE = 31;
  private static final int CHECKSUM = 4; // of the whole
  private static final int INTERMEDIATE = 16; // where the second part begins
  private static final int INTERMEDIATE_CHECKSUM = 21;
  private static final int MOST = 0xffff; // bytes that an entry point can tell of

  private final ByteArrayOutputStream structures = new ByteArrayOutputStream();
  private int count;
  private int largest;

  /** No structures yet. */
  public SmbiosTables() {}

  /** Adds a structure. */
  public void add(Structure structure) {
    byte[] bytes = structure.encode();
    if (structures.size() + bytes.length > MOST) {
      throw new IllegalArgumentException("structures of more than " + MOST + " bytes");
    }
    structures.writeBytes(bytes);
    largest = Math.max(largest, bytes.length);
    count++;
  }

  /** Gives it all to firmware. */
  public void publish(FirmwareConfig firmware) {
    var entry = ByteBuffer.allocate(ENTRY_POINT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    entry.put("_SM_".getBytes(US_ASCII)).put((byte) 0).put((byte) ENTRY_POINT_SIZE);
    entry.put((byte) 2).put((byte) 8); // of version 2.8
    entry.putShort((short) largest).put(new byte[6]);
    entry.put("_DMI_".getBytes(US_ASCII)).put((byte) 0);
    entry.putShort((short) structures.size()).putInt(0); // placed by firmware
    entry.putShort((short) count).put((byte) 0x28);
    seal(entry, INTERMEDIATE, INTERMEDIATE_CHECKSUM);
    seal(entry, 0, CHECKSUM);
    firmware.file(TABLES, structures.toByteArray());
    firmware.file(ENTRY_POINT, entry.array());
  }

  /** Has the bytes from {@code start} to the end add up to zero. */
  private static void seal(ByteBuffer entry, int start, int checksum) {
    int sum = 0;
    for (int at = start; at < ENTRY_POINT_SIZE; at++) {
      sum += entry.get(at);
    }
    entry.put(checksum, (byte) -sum);
  }
}
