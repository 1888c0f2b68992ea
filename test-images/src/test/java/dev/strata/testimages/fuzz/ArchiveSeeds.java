// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorOutputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorOutputStream;

/** A small disk in an archive of each kind. */
final class ArchiveSeeds {
  private static final int SIZE = 24 << 10;
  private static final int BLOCK = 512;

  private ArchiveSeeds() {}

  /** Something that packs what is written to it. */
  private interface Packer {
    OutputStream over(OutputStream out) throws IOException;
  }

  static List<byte[]> all() {
    byte[] disk = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      disk[i] = (byte) (i % 700 < 300 ? 0 : (i * 31) >> 3);
    }
    try {
      var all = new ArrayList<byte[]>();
      all.add(packed(disk, GZIPOutputStream::new));
      all.add(packed(disk, XZCompressorOutputStream::new));
      all.add(packed(disk, BZip2CompressorOutputStream::new));
      all.add(packed(disk, FramedLZ4CompressorOutputStream::new));
      all.add(zip(disk, ZipEntry.DEFLATED));
      all.add(zip(disk, ZipEntry.STORED));
      all.add(tar(disk));
      all.add(zstandard(disk));
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] packed(byte[] disk, Packer packer) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (OutputStream out = packer.over(bytes)) {
      out.write(disk);
    }
    return bytes.toByteArray();
  }

  private static byte[] zip(byte[] disk, int method) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ZipOutputStream(bytes)) {
      var entry = new ZipEntry("disk.raw");
      entry.setMethod(method);
      var sum = new CRC32();
      sum.update(disk);
      entry.setSize(disk.length);
      entry.setCrc(sum.getValue());
      if (method == ZipEntry.STORED) {
        entry.setCompressedSize(disk.length);
      }
      out.putNextEntry(entry);
      out.write(disk);
    }
    return bytes.toByteArray();
  }

  /** A header of POSIX's ustar, the file, and two blocks of zeroes. */
  private static byte[] tar(byte[] disk) {
    var bytes = new byte[BLOCK + SIZE + 2 * BLOCK];
    text(bytes, 0, "disk.raw");
    text(bytes, 100, "0000644");
    text(bytes, 108, "0000000");
    text(bytes, 116, "0000000");
    text(bytes, 124, String.format("%011o", disk.length));
    text(bytes, 136, "00000000000");
    bytes[156] = '0';
    text(bytes, 257, "ustar");
    text(bytes, 263, "00");
    Arrays.fill(bytes, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += bytes[i] & 0xff;
    }
    text(bytes, 148, String.format("%06o", sum));
    bytes[154] = 0;
    System.arraycopy(disk, 0, bytes, BLOCK, disk.length);
    return bytes;
  }

  private static void text(byte[] bytes, int at, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, at, ascii.length);
  }

  /** One frame of a raw and a run-length block: RFC 8878, 3.1.1. */
  private static byte[] zstandard(byte[] disk) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd});
    out.write(0xa0); // one segment, four bytes of size
    little(out, disk.length + 1000, 4);
    little(out, disk.length << 3, 3); // raw, not the last
    out.writeBytes(disk);
    little(out, (1000 << 3) | (1 << 1) | 1, 3); // a run, the last
    out.write(7);
    return out.toByteArray();
  }

  private static void little(ByteArrayOutputStream out, int value, int length) {
    for (int i = 0; i < length; i++) {
      out.write(value >> (8 * i));
    }
  }
}
