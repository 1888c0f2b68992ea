// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A language in which a few bytes say what a peer of NBD sends: frames whose magics and lengths are
 * right unless the script says otherwise. Scripts that begin with {@link #RAW} are followed by the
 * very bytes.
 */
final class Frames {
  static final int RAW = 0xff;

  /** More than any frame that is to be refused for its size needs. */
  private static final int MAX_BYTES = 64 << 10;

  private final ByteBuffer script;
  private final ByteBuffer out = ByteBuffer.allocate(MAX_BYTES);

  private Frames(byte[] script) {
    this.script = ByteBuffer.wrap(script);
  }

  /** What is said in a script, one frame after the other, by {@code frame}. */
  static byte[] of(byte[] script, Frame frame) {
    if (script.length > 0 && (script[0] & 0xff) == RAW) {
      return Arrays.copyOfRange(script, 1, script.length);
    }
    var frames = new Frames(script);
    try {
      while (frames.script.hasRemaining()) {
        frame.put(frames.script.get() & 0xff, frames);
      }
    } catch (BufferOverflowException e) {
      // Long enough.
    }
    return Arrays.copyOf(frames.out.array(), frames.out.position());
  }

  /** Puts one frame. */
  interface Frame {
    void put(int kind, Frames frames);
  }

  /** What has been put so far. */
  ByteBuffer out() {
    return out;
  }

  /** The next byte of the script; 0 behind its end. */
  int next() {
    return script.hasRemaining() ? script.get() & 0xff : 0;
  }

  /** The next bytes of the script: one that says how many, then these. */
  byte[] bytes() {
    byte[] bytes = new byte[Math.min(next(), script.remaining())];
    script.get(bytes);
    return bytes;
  }

  /** A number of two bytes of the script, often one at which parsers err. */
  long number() {
    int which = next();
    int number = next();
    return switch (which % 12) {
      case 0, 1 -> number;
      case 2 -> number * 512L;
      case 3 -> -1;
      case 4 -> -number;
      case 5 -> Long.MAX_VALUE - number;
      case 6 -> Long.MIN_VALUE + number;
      case 7 -> 0xffff_ffffL - number;
      case 8 -> 0x8000_0000L - number;
      case 9 -> (32L << 20) + number - 128;
      case 10 -> 1L << (number % 64);
      default -> (long) number << 32;
    };
  }

  /** Mostly {@code right}. */
  int length(int right) {
    int which = next();
    return which < 200 ? right : (int) number();
  }
}
