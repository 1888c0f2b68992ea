// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor: text that says what a disk consists of. It is searched for its fields rather than
 * parsed, as the reference does: a name counts wherever it is first found.
 *
 * @param text every byte a character, up to the first NUL
 * @see "VMware Virtual Disk Format 5.0, The Descriptor File"
 */
record VmdkDescriptor(String text) {
  /** The room of a descriptor inside a sparse extent; of a file, what is looked at for the CIDs. */
  static final int BYTES = 20 * VmdkExtent.SECTOR;

  /** A descriptor file's text beyond that is not looked at. */
  static final int MAX_FILE_BYTES = (1 << 20) - 1;

  static final long NO_PARENT = 0xffff_ffffL;

  private static final String CID = "CID=";
  private static final String PARENT_CID = "parentCID=";
  private static final int MAX_TYPE = 127;
  private static final int MAX_HINT = 1023;

  static VmdkDescriptor of(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new VmdkDescriptor(new String(bytes, 0, end, StandardCharsets.ISO_8859_1));
  }

  /** Whether a file that begins with these bytes is a descriptor. */
  static boolean isAt(byte[] head) {
    String text = of(head).text();
    int at = 0;
    while (at < text.length()) {
      char first = text.charAt(at);
      if (first == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end + 1;
      } else if (first == ' ') {
        while (at < text.length() && text.charAt(at) == ' ') {
          at++;
        }
        int end = lineEnd(text, at);
        if (end < 0) {
          return false;
        }
        at = end;
      } else {
        boolean version = text.startsWith("version=", at) && at + 8 < text.length();
        char number = version ? text.charAt(at + 8) : ' ';
        return number >= '1' && number <= '3' && lineEnd(text, at + 9) >= 0;
      }
    }
    return false;
  }

  /** Where the next line begins if this one ends at {@code at}, else -1. */
  private static int lineEnd(String text, int at) {
    if (text.startsWith("\r\n", at)) {
      return at + 2;
    }
    return text.startsWith("\n", at) ? at + 1 : -1;
  }

  /** The identifier of the content: a number of 32 bits. */
  long cid() throws BlockException {
    return number(CID);
  }

  /** The identifier that the parent's content had; {@link #NO_PARENT} if there is no parent. */
  long parentCid() throws BlockException {
    return number(PARENT_CID);
  }

  private long number(String name) throws BlockException {
    int found = text.indexOf(name);
    if (found < 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    int at = found + name.length();
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    boolean minus = text.startsWith("-", at);
    if (minus || text.startsWith("+", at)) {
      at++;
    }
    if (text.startsWith("0x", at) && digit(at + 2) >= 0) {
      at += 2;
    }
    if (digit(at) < 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    long value = 0;
    for (; digit(at) >= 0; at++) {
      value = (value << 4 | digit(at)) & 0xffff_ffffL;
    }
    return (minus ? -value : value) & 0xffff_ffffL;
  }

  static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private int digit(int at) {
    return at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
  }

  /** What kind of disk it is, or null if that is not said. */
  @Nullable String createType() {
    return value("createType", MAX_TYPE);
  }

  /**
   * The name of the parent's file, or null.
   *
   * @throws BlockException if it is too long or does not end
   */
  @Nullable String parentFileNameHint() throws BlockException {
    if (!text.contains("parentFileNameHint")) {
      return null;
    }
    String name = value("parentFileNameHint", MAX_HINT);
    if (name == null) {
      throw BlockException.of(Errno.EINVAL);
    }
    return name.isEmpty() ? null : utf8(name);
  }

  static String utf8(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  /** What stands behind the name and two characters that are taken for {@code ="}. */
  private @Nullable String value(String name, int maxLength) {
    int found = text.indexOf(name);
    int start = found + name.length() + 2;
    if (found < 0 || start > text.length()) {
      return null;
    }
    int end = text.indexOf('"', start);
    return end < 0 || end - start > maxLength ? null : text.substring(start, end);
  }

  /**
   * With another identifier of the content; the text's length stays if its identifier has all eight
   * digits already.
   */
  VmdkDescriptor withCid(long cid) throws BlockException {
    int parent = text.indexOf(PARENT_CID);
    int found = text.indexOf(CID);
    // The parent's ends in the same letters.
    if (parent >= 0 && found == parent + PARENT_CID.length() - CID.length()) {
      found = text.indexOf(CID, found + 1);
    }
    if (found < 0) {
      throw BlockException.of(Errno.EINVAL);
    }
    int start = found + CID.length();
    int end = start;
    while (end < text.length() && !isSpace(text.charAt(end))) {
      end++;
    }
    return new VmdkDescriptor(text.substring(0, start) + hex(cid) + text.substring(end));
  }

  /** Eight digits, so that a later one takes the same room. */
  static String hex(long cid) {
    return Long.toHexString(0x1_0000_0000L | cid).substring(1);
  }

  byte[] bytes() {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
