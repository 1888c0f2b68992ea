// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.dmg;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Writes a dmg with a property list, chunk by chunk. */
final class DmgBytes {
  static final int BZIP2 = 0x80000006;
  static final int LZFSE = 0x80000007;

  private static final int SECTOR = 512;

  private record Chunk(int type, long sector, long sectors, long offset, int length) {}

  private final List<Chunk> chunks = new ArrayList<>();
  private final ByteArrayOutputStream stored = new ByteArrayOutputStream();
  private long sectors;

  /**
   * Adds a chunk.
   *
   * @param size of what it holds, a multiple of 512
   */
  DmgBytes chunk(int type, int size, byte[] packed) {
    chunks.add(new Chunk(type, sectors, size / SECTOR, stored.size(), packed.length));
    stored.writeBytes(packed);
    sectors += size / SECTOR;
    return this;
  }

  byte[] bytes() {
    chunks.add(new Chunk(0xffffffff, sectors, 0, stored.size(), 0));
    ByteBuffer mish = ByteBuffer.allocate(204 + 40 * chunks.size());
    mish.putInt(0, 0x6d697368).putInt(4, 1).putLong(16, sectors).putInt(32, 0x208);
    mish.putInt(200, chunks.size());
    mish.position(204);
    for (Chunk each : chunks) {
      mish.putInt(each.type).putInt(0).putLong(each.sector).putLong(each.sectors);
      mish.putLong(each.offset).putLong(each.length);
    }
    byte[] list =
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>"
                + "<key>resource-fork</key><dict><key>blkx</key><array><dict>"
                + "<key>Attributes</key><string>0x0050</string><key>CFName</key>"
                + "<string>disk</string><key>Data</key><data>\n"
                + Base64.getMimeEncoder().encodeToString(mish.array())
                + "\n</data><key>ID</key><string>0</string><key>Name</key><string>disk</string>"
                + "</dict></array></dict></dict></plist>\n")
            .getBytes(StandardCharsets.US_ASCII);
    ByteBuffer koly = ByteBuffer.allocate(SECTOR);
    koly.putInt(0, 0x6b6f6c79).putInt(4, 4).putInt(8, SECTOR).putInt(12, 1);
    koly.putLong(32, stored.size()).putInt(56, 1).putInt(60, 1);
    koly.putLong(216, stored.size()).putLong(224, list.length);
    koly.putInt(488, 1).putLong(492, sectors);
    var image = new ByteArrayOutputStream();
    image.writeBytes(stored.toByteArray());
    image.writeBytes(list);
    image.writeBytes(koly.array());
    return image.toByteArray();
  }
}
