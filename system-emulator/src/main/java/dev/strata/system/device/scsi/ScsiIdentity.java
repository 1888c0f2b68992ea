// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;

/**
 * Who a unit says it is.
 *
 * @param vendor at most 8 characters
 * @param product at most 16 characters
 * @param version at most 4 characters
 * @param serial "" for none
 * @param deviceId what the unit is known by; "" for nothing
 * @param wwn a name of the network address authority's kind; 0 for none
 * @param portWwn the same of the port it is at; 0 for none
 * @param portIndex of that port; 0 for none
 * @param rotationRate in turns a minute; 0 for nothing said, 1 if nothing turns
 */
public record ScsiIdentity(
    String vendor,
    String product,
    String version,
    String serial,
    String deviceId,
    long wwn,
    long portWwn,
    int portIndex,
    int rotationRate) {
  private static final int MOST_SERIAL = 36;
  private static final int MOST_ID = 20;

  byte[] serialBytes() {
    byte[] all = serial.getBytes(ISO_8859_1);
    return Arrays.copyOf(all, Math.min(all.length, MOST_SERIAL));
  }

  byte[] idBytes() {
    byte[] all = deviceId.getBytes(ISO_8859_1);
    return Arrays.copyOf(all, Math.min(all.length, MOST_ID));
  }

  static void put(String text, byte[] into, int at, int length) {
    byte[] all = text.getBytes(ISO_8859_1);
    Arrays.fill(into, at, at + length, (byte) ' ');
    System.arraycopy(all, 0, into, at, Math.min(all.length, length));
  }
}
