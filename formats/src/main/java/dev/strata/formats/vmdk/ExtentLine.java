// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;

/**
 * A line of the descriptor that names an extent. What cannot be written ({@code RDONLY}, {@code
 * NOACCESS}), what has no file ({@code ZERO}) and kinds that nobody knows are passed over, as the
 * reference does.
 *
 * @param sectors at least 1
 * @param type one of {@link #TYPES}
 * @param offset of a flat extent in its file, in sectors
 * @see "VMware Virtual Disk Format 5.0, The Descriptor File, The Extents"
 */
record ExtentLine(long sectors, String type, String filename, long offset) {
  static final String FLAT = "FLAT";
  static final String VMFS = "VMFS";
  static final String SPARSE = "SPARSE";
  static final String VMFS_SPARSE = "VMFSSPARSE";
  static final String SE_SPARSE = "SESPARSE";

  private static final List<String> TYPES = List.of(FLAT, VMFS, SPARSE, VMFS_SPARSE, SE_SPARSE);

  /** More files than this nobody splits a disk into: that would be one of 8 TiB. */
  private static final int MAX_EXTENTS = 4096;

  private static final int MAX_WORD = 10;
  private static final int MAX_NAME = 511;

  boolean isFlat() {
    return type.equals(FLAT) || type.equals(VMFS);
  }

  /** The extents that a descriptor names, in the disk's order. */
  static List<ExtentLine> all(String text) throws BlockException {
    var found = new ArrayList<ExtentLine>();
    for (int at = 0; at < text.length(); ) {
      int end = text.indexOf('\n', at);
      end = end < 0 ? text.length() : end;
      ExtentLine line = new Scanner(text, at).line(text.substring(at, end));
      if (line != null) {
        found.add(line);
      }
      if (found.size() > MAX_EXTENTS) {
        throw new BlockException(Errno.EINVAL, "More than " + MAX_EXTENTS + " extents");
      }
      at = end + 1;
    }
    return found;
  }

  /**
   * Reads fields as C's {@code scanf} does: any white space may stand between them, even the ends
   * of lines, and a field that does not fit ends the reading.
   */
  private static final class Scanner {
    private final String text;
    private int at;

    Scanner(String text, int at) {
      this.text = text;
      this.at = at;
    }

    @org.jspecify.annotations.Nullable
    ExtentLine line(String whole) throws BlockException {
      String access = word();
      if (!access.equals("RW")) {
        return null;
      }
      long sectors = number();
      String type = sectors == Long.MIN_VALUE ? "" : word();
      String name = type.isEmpty() ? "" : quoted();
      if (name.isEmpty()) {
        return null;
      }
      long offset = closed() ? number() : Long.MIN_VALUE;
      boolean hasOffset = offset != Long.MIN_VALUE;
      boolean right = type.equals(FLAT) ? hasOffset && offset >= 0 : !hasOffset;
      if (!right) {
        throw new BlockException(Errno.EINVAL, "Invalid extent line: " + whole);
      }
      if (sectors <= 0 || !TYPES.contains(type)) {
        return null;
      }
      return new ExtentLine(sectors, type, VmdkDescriptor.utf8(name), hasOffset ? offset : 0);
    }

    private void skipSpace() {
      while (at < text.length() && VmdkDescriptor.isSpace(text.charAt(at))) {
        at++;
      }
    }

    private String word() {
      skipSpace();
      int start = at;
      while (at < text.length()
          && at - start < MAX_WORD
          && !VmdkDescriptor.isSpace(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    /** A decimal number, at most as large as a long gets; its least value if there is none. */
    private long number() {
      skipSpace();
      int start = at;
      boolean minus = text.startsWith("-", at);
      if (minus || text.startsWith("+", at)) {
        at++;
      }
      int digits = at;
      long value = 0;
      for (; at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9'; at++) {
        int digit = text.charAt(at) - '0';
        value = value > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : value * 10 + digit;
      }
      if (at == digits) {
        at = start;
        return Long.MIN_VALUE;
      }
      return minus ? -value : value;
    }

    private String quoted() {
      skipSpace();
      if (!text.startsWith("\"", at)) {
        return "";
      }
      int start = ++at;
      while (at < text.length() && at - start < MAX_NAME && "\n\r\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(start, at);
    }

    private boolean closed() {
      if (!text.startsWith("\"", at)) {
        return false;
      }
      at++;
      return true;
    }
  }
}
