// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.display;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes a picture of 24 bits a dot, line by line.
 *
 * @see "Portable Network Graphics (Second Edition), 5.3 Chunk layout, 11.2 Critical chunks"
 */
final class PngWriter implements AutoCloseable {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int BITS = 8;
  private static final int COLOUR = 2; // red, green and blue
  private static final int CHUNK = 0x8000;

  private final OutputStream out;
  private final Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
  private final byte[] compressed = new byte[CHUNK];
  private int filled;

  /** Begins a picture. */
  PngWriter(OutputStream out, int width, int height) throws IOException {
    this.out = out;
    out.write(SIGNATURE);
    ByteBuffer header = ByteBuffer.allocate(13); // big-endian, as specified
    header.putInt(width).putInt(height).put((byte) BITS).put((byte) COLOUR);
    chunk("IHDR", header.array(), 13);
  }

  /** Adds a line: its filter, and three bytes for each dot. */
  void line(byte[] bytes) throws IOException {
    deflater.setInput(bytes);
    while (!deflater.needsInput()) {
      deflate();
    }
  }

  /** Ends the picture. */
  void end() throws IOException {
    deflater.finish();
    while (!deflater.finished()) {
      deflate();
    }
    chunk("IDAT", compressed, filled);
    chunk("IEND", new byte[0], 0);
  }

  /** Gives the compressor's memory back; leaves the stream open. */
  @Override
  public void close() {
    deflater.end();
  }

  private void deflate() throws IOException {
    filled += deflater.deflate(compressed, filled, CHUNK - filled);
    if (filled == CHUNK) {
      chunk("IDAT", compressed, filled);
      filled = 0;
    }
  }

  private void chunk(String kind, byte[] data, int length) throws IOException {
    byte[] name = kind.getBytes(US_ASCII);
    var sum = new CRC32();
    sum.update(name);
    sum.update(data, 0, length);
    out.write(ByteBuffer.allocate(4).putInt(length).array());
    out.write(name);
    out.write(data, 0, length);
    out.write(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }
}
