// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar's headers, one after the other. Apache Commons Compress takes the length of a sparse
 * file for a number of 32 bits, and disks are longer.
 *
 * @see "POSIX.1-2017, pax, pax Interchange Format; ustar Interchange Format"
 * @see "GNU tar manual, Basic Tar Format; Storing Sparse Files"
 */
final class TarReader {
  private static final int BLOCK = 512;
  private static final long MAX_EXTENSION = 1 << 20; // bytes of a header that continues another
  private static final long MAX_MAP = 64L << 20; // bytes of a map of holes in a file's data

  private static final int NAME_LENGTH = 100;
  private static final int SIZE = 124;
  private static final int CHECKSUM = 148;
  private static final int TYPE = 156;
  private static final int MAGIC = 257;
  private static final int SPARSE = 386; // of the old GNU format
  private static final int NUMBER = 12; // digits
  private static final int PREFIX = 345;
  private static final int PREFIX_LENGTH = 155;
  private static final int EXTENDED = 482;
  private static final int REAL_SIZE = 483;
  private static final int RUNS_BEHIND = 21;

  /** What extended headers say: the last value of each name, and the runs of sparse files. */
  private static final class Records {
    private final Map<String, String> values = new HashMap<>();
    private final List<String> runs = new ArrayList<>();
  }

  private final Child archive;
  private final Records global = new Records();
  private long position;

  TarReader(Child archive) {
    this.archive = archive;
  }

  /** Whether these first bytes of a file are a tar's. */
  static boolean isAt(byte[] head) {
    return new String(head, MAGIC, 5, StandardCharsets.ISO_8859_1).equals("ustar");
  }

  /**
   * The next entry that is a file, or null at the end; links, folders and devices are left out.
   *
   * @throws IOException if the archive is malformed
   */
  @Nullable TarEntry next() throws IOException {
    var own = new Records();
    String longName = null;
    while (true) { // each round is a header further
      byte[] header = block();
      if (header == null) {
        return null;
      }
      long size = number(header, SIZE);
      char type = (char) (header[TYPE] & 0xff);
      if (size < 0 || size > archive.length()) {
        throw new IOException("a file of " + size + " bytes");
      }
      switch (type) {
        case 'x' -> take(extension(size), own);
        case 'g' -> take(extension(size), global);
        case 'L' -> longName = text(extension(size), 0, (int) size);
        case 'K' -> extension(size); // a link's name, which nobody needs
        case '0', '\0', '7', 'S' -> {
          TarEntry entry = entry(header, type, size, longName, own);
          if (entry != null) {
            return entry;
          }
          own = new Records();
          longName = null;
        }
        default -> {
          skip(size);
          own = new Records();
          longName = null;
        }
      }
    }
  }

  private byte @Nullable [] block() throws IOException {
    if (position > archive.length() - BLOCK) {
      return null;
    }
    byte[] header = new byte[BLOCK];
    archive.read(position, header, 0);
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : header[i] & 0xff;
    }
    if (sum == 8 * ' ' && header[CHECKSUM] == 0) {
      return null; // a block of zeroes
    }
    if (sum != octal(header, CHECKSUM, 8)) {
      throw new IOException("a header whose checksum is wrong");
    }
    position += BLOCK;
    return header;
  }

  private byte[] extension(long size) throws IOException {
    if (size > MAX_EXTENSION) {
      throw new IOException("an extended header of " + size + " bytes");
    }
    byte[] bytes = new byte[(int) size];
    if (size > archive.length() - position) {
      throw new IOException("the end within an extended header");
    }
    archive.read(position, bytes, 0);
    skip(size);
    return bytes;
  }

  private void skip(long size) throws BlockException {
    long whole = (size + BLOCK - 1) & -BLOCK;
    position = whole > archive.length() - position ? archive.length() : position + whole;
  }

  /** Takes records: {@code LENGTH NAME=VALUE}, each with its end of line. */
  private static void take(byte[] bytes, Records into) throws IOException {
    for (int at = 0; at < bytes.length && bytes[at] != 0; ) {
      int space = at;
      int length = 0;
      while (space < bytes.length && bytes[space] >= '0' && bytes[space] <= '9') {
        length = Math.min(10 * length + bytes[space++] - '0', bytes.length);
      }
      int end = at + length - 1;
      if (space >= bytes.length || bytes[space] != ' ' || end <= space || end >= bytes.length) {
        throw new IOException("an extended header without its length");
      }
      String record = new String(bytes, space + 1, end - space - 1, StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals < 0) {
        throw new IOException("an extended header without a value");
      }
      String name = record.substring(0, equals);
      String value = record.substring(equals + 1);
      if (name.equals("GNU.sparse.offset") || name.equals("GNU.sparse.numbytes")) {
        into.runs.add(value);
      } else {
        into.values.put(name, value);
      }
      at = end + 1;
    }
  }

  private @Nullable TarEntry entry(
      byte[] header, char type, long headerSize, @Nullable String longName, Records own)
      throws IOException {
    String name = value("GNU.sparse.name", own);
    if (name == null) {
      name = value("path", own);
    }
    if (name == null) {
      name = longName != null ? longName : name(header);
    }
    String sizeText = value("size", own);
    long size = sizeText == null ? headerSize : decimal(sizeText);
    SparseMap holes = null;
    long mapBytes = 0;
    if (type == 'S') {
      holes = oldMap(header);
    } else if ("1".equals(value("GNU.sparse.major", own))) {
      holes = new SparseMap();
      mapBytes = readMap(holes, size);
      holes.size(decimal(required("GNU.sparse.realsize", own)));
    } else if (value("GNU.sparse.size", own) != null) {
      holes = paxMap(own);
    }
    long start = position + mapBytes;
    skip(size);
    if (name.endsWith("/")) {
      return null; // a folder of the oldest format
    }
    if (size > archive.length() - (start - mapBytes)
        || (holes != null && holes.stored() > size - mapBytes)) {
      throw new BlockException(Errno.EINVAL, "The tar ends within '" + name + "'");
    }
    return new TarEntry(name, start, size - mapBytes, holes);
  }

  private @Nullable String value(String name, Records own) {
    String value = own.values.get(name);
    return value != null ? value : global.values.get(name);
  }

  private String required(String name, Records own) throws IOException {
    String value = value(name, own);
    if (value == null) {
      throw new IOException("no " + name);
    }
    return value;
  }

  private static String name(byte[] header) {
    String name = text(header, 0, NAME_LENGTH);
    // GNU has other things where POSIX has the prefix.
    boolean posix = header[MAGIC + 5] == 0;
    String prefix = posix ? text(header, PREFIX, PREFIX_LENGTH) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static String text(byte[] bytes, int from, int most) {
    int end = from;
    while (end < from + most && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }

  /** A number of twelve bytes: in octal digits, or binary if its first bit says so. */
  private static long number(byte[] header, int at) {
    return header[at] < 0
        ? ByteBuffer.wrap(header).getLong(at + NUMBER - Long.BYTES)
        : octal(header, at, NUMBER);
  }

  private static long octal(byte[] header, int at, int most) {
    long value = 0;
    for (int i = at; i < at + most; i++) {
      int digit = header[i] - '0';
      value = digit >= 0 && digit < 8 ? value << 3 | digit : value;
    }
    return value;
  }

  private static long decimal(String text) throws IOException {
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new IOException("'" + text + "' is no number", e);
    }
    throw new IOException("a negative number");
  }

  /** The map of the old GNU format: four runs in the header, more in blocks behind it. */
  private SparseMap oldMap(byte[] header) throws IOException {
    var map = new SparseMap();
    addRuns(map, header, SPARSE, 4);
    boolean more = header[EXTENDED] != 0;
    while (more) { // a block further each time
      if (position > archive.length() - BLOCK) {
        throw new IOException("the end within a map of holes");
      }
      byte[] block = new byte[BLOCK];
      archive.read(position, block, 0);
      position += BLOCK;
      addRuns(map, block, 0, RUNS_BEHIND);
      more = block[2 * NUMBER * RUNS_BEHIND] != 0;
    }
    map.size(number(header, REAL_SIZE));
    return map;
  }

  private static void addRuns(SparseMap map, byte[] block, int from, int most) throws IOException {
    for (int i = 0; i < most && block[from + 2 * NUMBER * i + NUMBER] != 0; i++) {
      int at = from + 2 * NUMBER * i;
      map.add(number(block, at), number(block, at + NUMBER));
    }
  }

  /** The map of versions 0.0 and 0.1, in records. */
  private SparseMap paxMap(Records own) throws IOException {
    var map = new SparseMap();
    String text = value("GNU.sparse.map", own);
    List<String> numbers = text == null ? own.runs : List.of(text.split(",", -1));
    if (numbers.size() % 2 != 0) {
      throw new IOException("half a run");
    }
    for (int i = 0; i < numbers.size(); i += 2) {
      map.add(decimal(numbers.get(i)), decimal(numbers.get(i + 1)));
    }
    map.size(decimal(required("GNU.sparse.size", own)));
    return map;
  }

  /**
   * Reads the map of version 1.0, which stands before the data: numbers on lines of their own.
   *
   * @return how many bytes it takes
   */
  private long readMap(SparseMap map, long size) throws IOException {
    long end = position + Math.min(Math.min(size, MAX_MAP), archive.length() - position);
    var in = new ChildInput(archive, end);
    in.seek(position);
    long runs = line(in);
    for (long i = 0; i < runs; i++) { // the map and the archive have an end
      long start = line(in);
      map.add(start, line(in));
    }
    return (in.position() - position + BLOCK - 1) & -BLOCK;
  }

  private static long line(ChildInput in) throws IOException {
    long value = 0;
    int digits = 0;
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < '0' || c > '9' || ++digits > 18) {
        throw new IOException("a map of holes that is no list of numbers");
      }
      value = 10 * value + c - '0';
    }
    return value;
  }
}
