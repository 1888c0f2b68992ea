// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** A driver of drafts before virtio 1.0 for the SCSI host in slot 2. */
final class VirtioScsiDriver {
  private static final int PORTS = 0xc000;
  private static final int REQUESTS = 2; // the queue
  private static final long RINGS = 0x100000;
  private static final long HEADER = 0x200000;
  private static final long RESPONSE = 0x201000;
  private static final long SENT = 0x210000;
  private static final long ROOM = 0x280000;
  private static final int HEADER_BYTES = 51;
  private static final int RESPONSE_BYTES = 108;
  private static final byte UNTOUCHED = (byte) 0xee;

  private final QtestGuest guest;
  private final int size;
  private int offered;
  private int descriptors; // of the request

  VirtioScsiDriver(QtestGuest guest) throws IOException {
    this.guest = guest;
    configure(0x10, 'l', PORTS);
    configure(0x04, 'w', 7);
    for (int status : new int[] {0, 1, 3}) {
      guest.out('b', PORTS + 18, status);
    }
    guest.out('w', PORTS + 14, REQUESTS);
    size = (int) guest.in('w', PORTS + 12);
    guest.write(RINGS, new byte[0x4000]);
    guest.out('l', PORTS + 8, RINGS >> 12);
    guest.out('l', PORTS + 4, 0);
    guest.out('b', PORTS + 18, 7);
  }

  private void configure(int register, char width, int value) throws IOException {
    guest.out('l', 0xcf8, 0x80000000L | 2 << 11 | register);
    guest.out(width, 0xcfc, value);
  }

  private static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length).order(LITTLE_ENDIAN);
  }

  private void descriptor(long address, int length, boolean writable) throws IOException {
    var all = bytes(16).putLong(address).putInt(length).putShort((short) ((writable ? 2 : 0) | 1));
    guest.write(RINGS + 16L * descriptors, all.putShort((short) ++descriptors).array());
  }

  /**
   * Runs a command: response, status, sense data, and data without the zeroes at its end.
   *
   * @param sent bytes that the guest sends, all of them the command's operation code
   */
  String run(String command, String unit, int sent, int room) throws IOException {
    var header = bytes(HEADER_BYTES).put(HexFormat.of().parseHex(unit)).putLong(1);
    byte[] block = HexFormat.of().parseHex(command);
    guest.write(HEADER, header.put(19, block).array());
    guest.write(RESPONSE, new byte[RESPONSE_BYTES]);
    descriptors = 0;
    descriptor(HEADER, HEADER_BYTES, false);
    if (sent > 0) {
      var all = new byte[sent];
      Arrays.fill(all, block[0]);
      guest.write(SENT, all);
      descriptor(SENT, sent, false);
    }
    descriptor(RESPONSE, RESPONSE_BYTES, true);
    var expected = new byte[room];
    Arrays.fill(expected, UNTOUCHED);
    if (room > 0) {
      guest.write(ROOM, expected);
      descriptor(ROOM, room, true);
    }
    // The last one has none behind it.
    guest.write(RINGS + 16L * (descriptors - 1) + 12, new byte[] {2});
    long available = RINGS + 16L * size;
    long used = available + 6 + 2L * size + 4095 & ~4095L;
    guest.write(available + 4 + 2L * (offered % size), new byte[2]);
    offered++;
    guest.write(available + 2, bytes(2).putShort((short) offered).array());
    guest.out('w', PORTS + 16, REQUESTS);
    while (ByteBuffer.wrap(guest.read(used + 2, 2)).order(LITTLE_ENDIAN).getShort()
        != (short) offered) {
      Thread.onSpinWait();
    }
    return answer(room);
  }

  private String answer(int room) throws IOException {
    var response = ByteBuffer.wrap(guest.read(RESPONSE, RESPONSE_BYTES)).order(LITTLE_ENDIAN);
    int sense = response.getInt(0);
    var told = new byte[sense];
    response.get(12, told);
    byte[] data = room > 0 ? guest.read(ROOM, room) : new byte[0];
    return response.get(11)
        + " "
        + response.get(10)
        + " "
        + hex(told, sense)
        + " "
        + hex(data, meaning(data));
  }

  private static int meaning(byte[] data) {
    int end = data.length;
    while (end > 0 && data[end - 1] == UNTOUCHED) {
      end--;
    }
    while (end > 0 && data[end - 1] == 0) {
      end--;
    }
    return end;
  }

  private static String hex(byte[] bytes, int length) {
    return length == 0 ? "-" : HexFormat.of().formatHex(bytes, 0, length);
  }
}
