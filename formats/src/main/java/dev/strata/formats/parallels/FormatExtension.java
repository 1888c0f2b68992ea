// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import static dev.strata.block.Errno.EFBIG;
import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.Table;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/**
 * The Format Extension cluster: features, of which there is one, dirty bitmaps. It is read when an
 * image is opened read-only.
 *
 * @see "QEMU docs/interop/parallels, Format Extension"
 */
final class FormatExtension {
  private static final long MAGIC = 0xAB234CEF23DCEA87L;
  private static final int HEADER_BYTES = 24;
  private static final long END_OF_FEATURES = 0;
  private static final long DIRTY_BITMAP = 0x20385FAE252CB34AL;
  private static final int BITMAP_BYTES = 32;

  /** The extension is held in memory as a whole; the usual cluster has 1 MiB. */
  private static final long MAX_BYTES = 64 << 20;

  private static final int SECTOR = ParallelsHeader.SECTOR;

  private final OpenContext context;
  private final Child file;
  private final ParallelsHeader header;
  private final List<DirtyBitmap> bitmaps = new ArrayList<>();

  private FormatExtension(OpenContext context, Child file, ParallelsHeader header) {
    this.context = context;
    this.file = file;
    this.header = header;
  }

  /** Gives the node the bitmaps that the image keeps, if there is an extension; returns them. */
  static List<DirtyBitmap> load(OpenContext context, Child file, ParallelsHeader header)
      throws BlockException {
    if (header.extensionOffset() == 0) {
      return List.of();
    }
    var extension = new FormatExtension(context, file, header);
    extension.read();
    for (DirtyBitmap bitmap : extension.bitmaps) {
      context.bitmaps().add(bitmap);
    }
    return extension.bitmaps;
  }

  private void read() throws BlockException {
    long size = header.clusterSize();
    if (size > MAX_BYTES) {
      throw new BlockException(
          EFBIG, "Format Extension has " + size + " bytes; must be at most " + MAX_BYTES);
    }
    long offset = sectorOffset(header.extensionOffset(), size);
    try (BufferPool.Buffer cluster = context.buffers().acquire(size)) {
      file.read(offset, cluster.vector(), 0);
      var in = StructReader.littleEndian(cluster.segment());
      long magic = in.u64("ext_magic"); //            0
      byte[] checksum = in.bytes("m_CheckSum", 16); // 8
      if (magic != MAGIC) {
        throw new BlockException(
            EINVAL,
            "Wrong parallels Format Extension magic: 0x"
                + Long.toHexString(magic)
                + ", expected: 0x"
                + Long.toHexString(MAGIC));
      }
      if (!Arrays.equals(checksum, md5(cluster.segment().asSlice(HEADER_BYTES)))) {
        throw new BlockException(
            EINVAL, "Wrong checksum in Format Extension header. Format extension is corrupted.");
      }
      readFeatures(in);
    }
  }

  private static byte[] md5(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      digest.update(bytes.asByteBuffer());
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has MD5", e);
    }
  }

  private void readFeatures(StructReader in) throws BlockException {
    while (in.remaining() >= HEADER_BYTES) { // each round takes as much or more
      long magic = in.u64("magic"); //        0
      long flags = in.u64("flags"); //        8
      long size = in.u32("data_size"); //    16
      in.skip("unused32", 4); //             20
      // What NECESSARY and TRANSIT ask of a writer nobody here can keep.
      if (flags != 0) {
        throw new BlockException(EINVAL, "Flags for extension feature are unsupported");
      }
      if (magic == END_OF_FEATURES) {
        return;
      }
      if (size > in.remaining()) {
        throw new BlockException(EINVAL, "Feature data_size exceedes Format Extension cluster");
      }
      if (magic != DIRTY_BITMAP) {
        throw new BlockException(EINVAL, "Unknown feature: 0x" + Long.toHexString(magic));
      }
      readBitmap(in.slice("data", size), (int) size);
      in.skip("padding", Math.min(-size & 7, in.remaining()));
    }
  }

  private void readBitmap(MemorySegment data, int dataSize) throws BlockException {
    if (dataSize < BITMAP_BYTES) {
      throw new BlockException(
          EINVAL,
          "Too small Bitmap Feature area in Parallels Format Extension: "
              + dataSize
              + " bytes, expected at least "
              + BITMAP_BYTES
              + " bytes");
    }
    var in = StructReader.littleEndian(data);
    long size = in.u64("size"); //                   0
    byte[] id = in.bytes("id", 16); //               8
    long granularity = in.u32("granularity"); //    24
    long l1Size = in.u32("l1_size"); //             28
    if (l1Size * 8 > in.remaining()) {
      throw new BlockException(
          EINVAL, "Bitmaps feature corrupted: l1 table exceeds extension data_size");
    }
    if (size != header.sectors()) {
      throw new BlockException(
          EINVAL,
          "Bitmap size (in sectors) "
              + Long.toUnsignedString(size)
              + " differs from disk size in sectors "
              + header.sectors());
    }
    if (Long.bitCount(granularity) != 1) {
      throw new BlockException(
          EINVAL, "Bitmap granularity (in sectors) is " + granularity + "; must be a power of 2");
    }
    long bits = (size + granularity - 1) / granularity;
    long bytes = (bits + 63) / 64 * 8;
    long clusterSize = header.clusterSize();
    long expected = (bytes + clusterSize - 1) / clusterSize;
    if (l1Size != expected) {
      throw new BlockException(
          EINVAL,
          "Bitmap table size "
              + l1Size
              + " does not correspond to bitmap size and cluster size. Expected "
              + expected);
    }
    var bitmap = new DirtyBitmap(name(id), granularity * SECTOR, size * SECTOR);
    refuseSecond(bitmap.name());
    bitmap.setWords(readBits(in, (int) (bytes / 8)));
    bitmaps.add(bitmap);
  }

  private void refuseSecond(String name) throws BlockException {
    for (DirtyBitmap other : bitmaps) {
      if (other.name().equals(name)) {
        throw new BlockException(EINVAL, "Bitmap already exists: " + name);
      }
    }
    if (context.bitmaps().find(name) != null) {
      throw new BlockException(EINVAL, "Bitmap already exists: " + name);
    }
  }

  /** The bits, whose clusters {@code l1Table} names; their number has been bounded. */
  private long[] readBits(StructReader l1Table, int words) throws BlockException {
    long[] all = new long[words];
    int clusterWords = (int) (header.clusterSize() / 8);
    for (int first = 0; first < words; first += clusterWords) {
      int part = Math.min(clusterWords, words - first);
      long entry = l1Table.u64("l1_table");
      if (entry == 1) {
        Arrays.fill(all, first, first + part, -1L);
      } else if (entry != 0) {
        long length = part * 8L;
        try (BufferPool.Buffer buffer = context.buffers().acquire(length)) {
          file.read(sectorOffset(entry, length), buffer.vector(), 0);
          Table.read(buffer.segment(), 0, ByteOrder.LITTLE_ENDIAN, all, first, part);
        }
      }
    }
    return all;
  }

  private static long sectorOffset(long sector, long length) throws BlockException {
    if (sector < 0 || sector > (Long.MAX_VALUE - length) / SECTOR) {
      throw BlockException.of(EINVAL, "Format Extension names sector " + sector);
    }
    return sector * SECTOR;
  }

  private static String name(byte[] id) throws BlockException {
    var in = StructReader.bigEndian(id);
    return new UUID(in.u64("id"), in.u64("id")).toString();
  }
}
