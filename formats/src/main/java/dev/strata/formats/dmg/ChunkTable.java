// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.dmg;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.layout.StructReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** All chunks of an image, in the order of the disk. Cannot be changed. */
final class ChunkTable {
  /**
   * A chunk.
   *
   * @param start of what it holds, in bytes from the start of the disk
   * @param size of what it holds, in bytes
   * @param offset of the stored bytes in the file
   * @param length of the stored bytes
   */
  record Chunk(int type, long start, long size, long offset, int length) {
    long end() {
      return start + size;
    }
  }

  private static final int SECTOR = 512;
  private static final int MAX_LENGTH = 64 << 20;
  private static final int MAX_SECTORS = MAX_LENGTH / SECTOR;
  private static final long MAX_PLACE = Long.MAX_VALUE / 4;
  private static final int FORK_HEADER = 256;
  private static final int MISH = 0x6d697368; // "mish"
  private static final int MISH_BYTES = 204;
  private static final int CHUNK_BYTES = 40;

  private final OpenContext context;
  private final KolyTrailer trailer;
  private final List<Chunk> chunks = new ArrayList<>();

  private ChunkTable(OpenContext context, KolyTrailer trailer) {
    this.context = context;
    this.trailer = trailer;
  }

  static ChunkTable read(OpenContext context, Child file, KolyTrailer trailer)
      throws BlockException {
    var table = new ChunkTable(context, trailer);
    if (trailer.forkLength() != 0) {
      table.readFork(bytes(file, trailer.forkOffset(), trailer.forkLength()));
    } else if (trailer.plistLength() != 0) {
      byte[] plist = bytes(file, trailer.plistOffset(), trailer.plistLength());
      table.readPlist(new String(plist, StandardCharsets.ISO_8859_1));
    } else {
      throw BlockException.of(EINVAL);
    }
    table.chunks.sort((a, b) -> Long.compare(a.start(), b.start()));
    return table;
  }

  private static byte[] bytes(Child file, long offset, int length) throws BlockException {
    byte[] bytes = new byte[length];
    file.read(offset, IoVector.of(bytes), 0);
    return bytes;
  }

  /**
   * Reads the resources of an older image: block maps and others, each behind its length.
   *
   * @see "Inside Macintosh: More Macintosh Toolbox, Resource File Format"
   */
  private void readFork(byte[] fork) throws BlockException {
    var in = StructReader.bigEndian(fork);
    long start = in.u32("data offset"); //       0
    in.skip("map offset", 4); //                 4
    long length = in.u32("data length"); //      8
    if (start != FORK_HEADER || length == 0 || length > fork.length - start) {
      throw BlockException.of(EINVAL);
    }
    int end = (int) (start + length);
    for (int at = (int) start; at < end; ) {
      in.seek("resource", at);
      long size = in.u32("resource length");
      if (size == 0 || size > end - at - 4) {
        throw BlockException.of(EINVAL);
      }
      at += 4 + (int) size;
      readBlockMap(in.bytes("resource", (int) size));
    }
  }

  private void readPlist(String plist) throws BlockException {
    for (int start = plist.indexOf("<data>"); start >= 0; ) {
      int end = plist.indexOf("</data>", start);
      if (end < 0) {
        throw BlockException.of(EINVAL);
      }
      byte[] body;
      try {
        body = Base64.getMimeDecoder().decode(plist.substring(start + "<data>".length(), end));
      } catch (IllegalArgumentException e) {
        throw BlockException.of(EINVAL).causedBy(e);
      }
      readBlockMap(body);
      start = plist.indexOf("<data>", end);
    }
  }

  /** Reads the chunks of one block map; other data of the list are none. */
  private void readBlockMap(byte[] map) throws BlockException {
    if (map.length < MISH_BYTES || ByteBuffer.wrap(map).getInt(0) != MISH) {
      return;
    }
    var in = StructReader.bigEndian(map);
    in.seek("SectorNumber", 8);
    long firstSector = in.u64("SectorNumber"); //       8
    in.seek("DataOffset", 0x18);
    long dataOffset = in.u64("DataOffset"); //       0x18
    in.seek("entries", MISH_BYTES);
    if (firstSector < 0 || firstSector > MAX_PLACE / SECTOR || dataOffset < 0) {
      throw BlockException.of(EINVAL);
    }
    while (in.remaining() >= CHUNK_BYTES) {
      readChunk(in, firstSector, dataOffset);
    }
  }

  private void readChunk(StructReader in, long firstSector, long dataOffset) throws BlockException {
    int type = (int) in.u32("EntryType"); //              0
    in.skip("Comment", 4); //                             4
    long sector = in.u64("SectorNumber"); //              8
    long sectors = in.u64("SectorCount"); //             16
    long offset = in.u64("CompressedOffset"); //         24
    long length = in.u64("CompressedLength"); //         32
    if (type == ChunkType.COMMENT || type == ChunkType.TERMINATOR) {
      return;
    }
    if (!isKnown(type)) {
      return;
    }
    boolean zero = ChunkType.isZero(type);
    if (!zero && (sectors < 0 || sectors > MAX_SECTORS)) {
      throw new BlockException(
          EINVAL,
          "sector count "
              + Long.toUnsignedString(sectors)
              + " for chunk "
              + chunks.size()
              + " is larger than max ("
              + MAX_SECTORS
              + ")");
    }
    if (!zero && (length < 0 || length > MAX_LENGTH)) {
      throw new BlockException(
          EINVAL,
          "length "
              + Long.toUnsignedString(length)
              + " for chunk "
              + chunks.size()
              + " is larger than max ("
              + MAX_LENGTH
              + ")");
    }
    long most = MAX_PLACE / SECTOR;
    if (sector < 0 || sector > most || sectors < 0 || sectors > most) {
      throw BlockException.of(EINVAL);
    }
    long place = zero ? 0 : Math.clamp(offset, -1, MAX_PLACE) + Math.min(dataOffset, MAX_PLACE);
    if (place < 0 || (!zero && offset < 0)) {
      throw BlockException.of(EINVAL);
    }
    if (sectors > 0) {
      chunks.add(
          new Chunk(
              type,
              (firstSector + sector) * SECTOR,
              sectors * SECTOR,
              place + trailer.dataForkOffset(),
              zero ? 0 : (int) length));
    }
  }

  private boolean isKnown(int type) {
    return switch (type) {
      case ChunkType.ZERO, ChunkType.RAW, ChunkType.IGNORED, ChunkType.ADC, ChunkType.ZLIB -> true;
      case ChunkType.BZIP2, ChunkType.LZFSE -> true;
      default -> {
        context.warn(
            "Image contains chunks of unknown type "
                + Integer.toHexString(type)
                + ", accessing them will result in I/O errors");
        yield false;
      }
    };
  }

  Chunk get(int index) {
    return chunks.get(index);
  }

  /** The number of the chunk that holds the byte at {@code offset}; -1 if none does. */
  int find(long offset) {
    int low = 0;
    int high = chunks.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Chunk chunk = chunks.get(middle);
      if (offset < chunk.start()) {
        high = middle - 1;
      } else if (offset >= chunk.end()) {
        low = middle + 1;
      } else {
        return middle;
      }
    }
    return -1;
  }
}
