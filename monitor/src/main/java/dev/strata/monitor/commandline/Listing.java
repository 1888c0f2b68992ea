// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A listing of very many lines, put together as bytes: a tool that lists for a twentieth of a
 * second cannot wait until strings, formatters and encoders have been compiled. Not thread-safe.
 */
public final class Listing {
  private static final int SIZE = 64 << 10;

  private final PrintStream out;
  private final byte[] bytes = new byte[SIZE];
  private int used;

  /** A listing that goes to {@code out}, in large pieces. */
  public Listing(PrintStream out) {
    this.out = out;
  }

  /** What {@link #add(byte[])} takes, for text that is the same on every line. */
  public static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Adds text. */
  public Listing add(byte[] text) {
    if (text.length > SIZE) {
      flush();
      out.write(text, 0, text.length);
      return this;
    }
    need(text.length);
    System.arraycopy(text, 0, bytes, used, text.length);
    used += text.length;
    return this;
  }

  /** Adds a number, in decimal. */
  public Listing add(long number) {
    if (number < 0) {
      return add(text(Long.toString(number)));
    }
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    need(digits);
    long rest = number;
    for (int at = used + digits - 1; at >= used; at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    used += digits;
    return this;
  }

  private void need(int length) {
    if (used + length > SIZE) {
      flush();
    }
  }

  /** Gives the stream what has been added. */
  public void flush() {
    out.write(bytes, 0, used);
    used = 0;
  }
}
