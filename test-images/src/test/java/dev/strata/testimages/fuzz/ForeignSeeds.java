// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.DeflaterOutputStream;

/** Sound images of formats that nobody here makes, put together by hand. */
final class ForeignSeeds {
  private static final int SECTOR = 512;
  private static final int ADC = 0x80000004;
  private static final int ZLIB = 0x80000005;
  private static final int LZFSE = 0x80000007;

  /** By Apple's reference encoder: 8 sectors whose bytes are 8. */
  private static final String ENTROPY_CODED =
      "6276783200100000040000000003007000000000000c0050830000002490000ce7d75c030000005c03000000c04f"
          + "f0937c0f0000000000000000000000000000000000f0e8030000000000000000000000000000000000000000"
          + "000000000000000000000000000000000000000000000000000000000000000000000000003456ff3f62767824";

  private ForeignSeeds() {}

  static List<byte[]> bochs() {
    return List.of(bochs(0x10000), bochs(0x20000));
  }

  /** A growing image of 8 extents with 2 in use. */
  private static byte[] bochs(int version) {
    int extent = 4096;
    var image = new byte[SECTOR + 8 * 4 + 2 * (SECTOR + extent)];
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    out.put("Bochs Virtual HD Image".getBytes(StandardCharsets.US_ASCII));
    out.put(32, "Redolog".getBytes(StandardCharsets.US_ASCII));
    out.put(48, "Growing".getBytes(StandardCharsets.US_ASCII));
    out.putInt(64, version).putInt(68, SECTOR).putInt(72, 8).putInt(76, SECTOR).putInt(80, extent);
    out.putLong(version == 0x10000 ? 84 : 88, 8L * extent);
    for (int i = 0; i < 8; i++) {
      out.putInt(SECTOR + 4 * i, i == 1 ? 0 : i == 4 ? 1 : -1);
    }
    out.put(SECTOR + 32, (byte) 0x35);
    out.put(2 * SECTOR + 32 + extent, (byte) 0x0f);
    return image;
  }

  static List<byte[]> cloop() {
    return List.of(cloop(SECTOR, 8), cloop(4096, 3));
  }

  /** A compressed loop image, version 2.0. */
  private static byte[] cloop(int blockSize, int blocks) {
    byte[] script =
        ("#!/bin/sh\n#V2.0 Format\n"
                + "modprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n")
            .getBytes(StandardCharsets.US_ASCII);
    int table = 136;
    ByteBuffer head = ByteBuffer.allocate(table + 8 * (blocks + 1));
    head.put(0, script).putInt(128, blockSize).putInt(132, blocks);
    var content = new ByteArrayOutputStream();
    for (int i = 0; i < blocks; i++) {
      head.putLong(table + 8 * i, head.capacity() + content.size());
      content.writeBytes(deflated(filled(blockSize, i + 1)));
    }
    head.putLong(table + 8 * blocks, head.capacity() + content.size());
    return joined(head.array(), content.toByteArray());
  }

  static List<byte[]> dmg() {
    return List.of(dmg(true, ADC), dmg(true, ZLIB), dmg(false, ZLIB), dmg(true, LZFSE));
  }

  /** Whether a dmg may be one of those with ADC or LZFSE, by what follows the zlib chunk. */
  static boolean holdsRarities(byte[] image) {
    int at = deflated(filled(8 * SECTOR, 8)).length + 8 * SECTOR;
    for (byte[] sound : List.of(dmg().getFirst(), dmg().getLast())) {
      if (image.length > at + 2 && image[at] == sound[at] && image[at + 1] == sound[at + 1]) {
        return true;
      }
    }
    return false;
  }

  /** Chunks of each kind that can be read, and a comment; told by the property list, or not. */
  private static byte[] dmg(boolean propertyList, int third) {
    int sectors = 8;
    byte[] plain = filled(sectors * SECTOR, 7);
    byte[] zlib = deflated(filled(sectors * SECTOR, 8));
    int[] types = {ZLIB, 1, third, 0x7ffffffe, 0, 2, 0xffffffff};
    byte[][] data = {zlib, plain, third(third, sectors, zlib), {}, {}, {}, {}};
    ByteBuffer mish = ByteBuffer.allocate(204 + 40 * types.length);
    mish.putInt(0, 0x6d697368).putInt(4, 1).putLong(16, 5L * sectors).putInt(200, types.length);
    var content = new ByteArrayOutputStream();
    int sector = 0;
    for (int i = 0; i < types.length; i++) {
      boolean holds = types[i] != 0x7ffffffe && types[i] != 0xffffffff;
      mish.position(204 + 40 * i).putInt(types[i]).putInt(0).putLong(sector);
      mish.putLong(holds ? sectors : 0).putLong(content.size()).putLong(data[i].length);
      content.writeBytes(data[i]);
      sector += holds ? sectors : 0;
    }
    byte[] tables = propertyList ? list(mish.array()) : fork(mish.array());
    ByteBuffer koly = ByteBuffer.allocate(SECTOR);
    koly.putInt(0, 0x6b6f6c79).putInt(4, 4).putInt(8, SECTOR).putInt(12, 1);
    koly.putLong(32, content.size()).putLong(492, sector);
    int place = propertyList ? 216 : 40;
    koly.putLong(place, content.size()).putLong(place + 8, tables.length);
    return joined(joined(content.toByteArray(), tables), koly.array());
  }

  private static byte[] third(int type, int sectors, byte[] zlib) {
    return switch (type) {
      case ADC -> adc(sectors * SECTOR);
      case LZFSE -> HexFormat.of().parseHex(ENTROPY_CODED);
      default -> zlib;
    };
  }

  /** As many zero bytes: one that is given, then each the one before it. */
  private static byte[] adc(int length) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 0});
    int left = length - 1;
    while (left > 0) {
      int run = Math.min(left, 67);
      if (run < 4) {
        out.write(0x80 | run - 1);
        out.writeBytes(new byte[run]);
      } else {
        out.writeBytes(new byte[] {(byte) (0x40 | run - 4), 0, 0});
      }
      left -= run;
    }
    return out.toByteArray();
  }

  private static byte[] list(byte[] mish) {
    return ("<?xml version=\"1.0\"?><plist><dict><key>resource-fork</key><dict><key>blkx</key>"
            + "<array><dict><key>Data</key><data>\n"
            + Base64.getMimeEncoder().encodeToString(mish)
            + "\n</data></dict></array></dict></dict></plist>\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The resources of an old image: a header of 256 bytes, the length and the table. */
  private static byte[] fork(byte[] mish) {
    ByteBuffer out = ByteBuffer.allocate(256 + 4 + mish.length + 64);
    out.putInt(0, 256).putInt(4, 256 + 4 + mish.length).putInt(8, 4 + mish.length).putInt(12, 64);
    out.putInt(256, mish.length).put(260, mish);
    return out.array();
  }

  private static byte[] deflated(byte[] bytes) {
    var out = new ByteArrayOutputStream();
    try (var deflater = new DeflaterOutputStream(out)) {
      deflater.write(bytes);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] filled(int length, int value) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
