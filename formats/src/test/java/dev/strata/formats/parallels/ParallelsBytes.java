// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** An image written byte by byte from the specification; every field may be made wrong. */
final class ParallelsBytes {
  static final int CLUSTER = 1 << 20;
  static final long EXTENSION_MAGIC = 0xAB234CEF23DCEA87L;
  static final long DIRTY_BITMAP = 0x20385FAE252CB34AL;

  String magic = "WithouFreSpacExt";
  int version = 2;
  int tracks = 2048;
  int batEntries = 10;
  long sectors = 20480;
  int inUse;
  int dataOffset = 2048;
  long extensionOffset;
  int[] bat = {1, 2};
  long fileSize = 3L * CLUSTER;

  Path write(Path path) throws Exception {
    ByteBuffer head = ByteBuffer.allocate(64 + 4 * bat.length).order(ByteOrder.LITTLE_ENDIAN);
    head.put(magic.getBytes(StandardCharsets.US_ASCII));
    head.putInt(version).putInt(16).putInt(40).putInt(tracks).putInt(batEntries);
    head.putLong(sectors).putInt(inUse).putInt(dataOffset).putInt(0).putLong(extensionOffset);
    for (int entry : bat) {
      head.putInt(entry);
    }
    Files.deleteIfExists(path);
    put(path, 0, head.array());
    put(path, fileSize - 1, new byte[1]);
    return path;
  }

  static void put(Path path, long offset, byte[] bytes) throws Exception {
    try (FileChannel out =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      out.write(ByteBuffer.wrap(bytes), offset);
    }
  }

  static int u32(Path path, long offset) throws Exception {
    try (FileChannel in = FileChannel.open(path)) {
      ByteBuffer field = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      in.read(field, offset);
      return field.getInt(0);
    }
  }

  static int batEntry(Path path, int index) throws Exception {
    return u32(path, 64 + 4L * index);
  }

  /** A Format Extension cluster with that content behind its header, and the right checksum. */
  static byte[] extension(byte[] content) throws Exception {
    return extension(content, CLUSTER);
  }

  /** The same for clusters of another size. */
  static byte[] extension(byte[] content, int clusterSize) throws Exception {
    ByteBuffer cluster = ByteBuffer.allocate(clusterSize).order(ByteOrder.LITTLE_ENDIAN);
    cluster.position(24).put(content);
    MessageDigest md5 = MessageDigest.getInstance("MD5");
    md5.update(cluster.array(), 24, clusterSize - 24);
    cluster.position(0).putLong(EXTENSION_MAGIC).put(md5.digest());
    return cluster.array();
  }

  static byte[] feature(long magic, long flags, byte[] data) {
    int padded = (data.length + 7) & -8;
    ByteBuffer feature = ByteBuffer.allocate(24 + padded).order(ByteOrder.LITTLE_ENDIAN);
    return feature.putLong(magic).putLong(flags).putInt(data.length).putInt(0).put(data).array();
  }

  static byte[] bitmap(long size, int granularity, int l1Size, long... l1) {
    ByteBuffer data = ByteBuffer.allocate(32 + 8 * l1.length).order(ByteOrder.LITTLE_ENDIAN);
    data.putLong(size).put("0123456789abcdef".getBytes(StandardCharsets.US_ASCII));
    data.putInt(granularity).putInt(l1Size);
    for (long entry : l1) {
      data.putLong(entry);
    }
    return data.array();
  }
}
