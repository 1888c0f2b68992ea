// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server answers to a command.
 *
 * @param code 100 to 599
 * @param text of the last line, behind the code; each character is a byte
 * @see "RFC 959, 4.2 FTP Replies"
 */
record FtpReply(int code, String text) {
  static final int OPENING_NOW = 150;
  static final int ALREADY_OPEN = 125;
  static final int DELAYED = 120;
  static final int FILE_STATUS = 213;
  static final int READY = 220;
  static final int PASSIVE = 227;
  static final int EXTENDED_PASSIVE = 229;
  static final int PASSWORD_NEEDED = 331;
  static final int ACCOUNT_NEEDED = 332;
  static final int MORE_NEEDED = 350;
  static final int UNAVAILABLE = 550;

  /** All lines of one reply, in bytes; welcomes of many lines are usual. */
  private static final int MAX_REPLY = 64 << 10;

  /** RFC 2428, 3: between two of any one character. */
  private static final Pattern PORT = Pattern.compile("\\(([!-~])\\1\\1([0-9]{1,5})\\1\\)");

  /** RFC 959, 5.3.2 {@code host-port}: four numbers of the address, two of the port. */
  private static final Pattern HOST_PORT =
      Pattern.compile("(?<![0-9])(?:[0-9]{1,3},){4}([0-9]{1,3}),([0-9]{1,3})(?![0-9])");

  /**
   * Reads the next reply.
   *
   * @throws IOException if that is not one, or too long
   */
  static FtpReply read(InputStream in) throws IOException {
    var line = new StringBuilder();
    int left = MAX_REPLY - readLine(in, line, MAX_REPLY);
    int code = code(line);
    if (code < 0) {
      throw new IOException("The server does not speak FTP");
    }
    boolean last = line.length() == 3 || line.charAt(3) != '-';
    while (!last) { // each round takes of what is left
      left -= readLine(in, line, left);
      last = code(line) == code && (line.length() == 3 || line.charAt(3) == ' ');
    }
    return new FtpReply(code, line.substring(Math.min(4, line.length())));
  }

  /** Reads up to and with a line's end, and tells how many bytes that took. */
  private static int readLine(InputStream in, StringBuilder line, int most) throws IOException {
    line.setLength(0);
    for (int count = 1; count <= most; count++) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("The server closed the connection");
      }
      if (next == '\n') {
        int end = line.length() - 1;
        if (end >= 0 && line.charAt(end) == '\r') {
          line.setLength(end);
        }
        return count;
      }
      line.append((char) next);
    }
    throw new IOException("A reply of the server is longer than " + MAX_REPLY + " bytes");
  }

  /** The number that a line begins with; negative if it is none of a reply's. */
  private static int code(StringBuilder line) {
    if (line.length() < 3) {
      return -1;
    }
    int code = 0;
    for (int i = 0; i < 3; i++) {
      int digit = line.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      code = code * 10 + digit;
    }
    boolean ends = line.length() == 3 || line.charAt(3) == ' ' || line.charAt(3) == '-';
    return ends && code >= 100 && code < 600 ? code : -1;
  }

  /** The command is under way, and another reply follows. */
  boolean isPreliminary() {
    return code / 100 == 1;
  }

  boolean isPositive() {
    return code / 100 == 2;
  }

  /** It may go better another time. */
  boolean isPassing() {
    return code / 100 == 4;
  }

  /**
   * The size of a file in bytes, of a reply to {@code SIZE}; negative if it tells none.
   *
   * @see "RFC 3659, 4 File SIZE"
   */
  long size() {
    String digits = text.strip();
    if (code != FILE_STATUS || digits.isEmpty() || digits.length() > 19) {
      return -1;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return -1;
      }
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return -1; // more than 2^63
    }
  }

  /** The port of a reply to {@code EPSV} or {@code PASV}; 0 if it tells none. */
  int port() {
    if (code == EXTENDED_PASSIVE) {
      Matcher found = PORT.matcher(text);
      int port = found.find() ? Integer.parseInt(found.group(2)) : 0;
      return port <= 0xffff ? port : 0;
    }
    Matcher found = HOST_PORT.matcher(text);
    if (code != PASSIVE || !found.find()) {
      return 0;
    }
    int high = Integer.parseInt(found.group(1));
    int low = Integer.parseInt(found.group(2));
    return high <= 0xff && low <= 0xff ? high << 8 | low : 0;
  }
}
