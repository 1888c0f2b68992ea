// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.display;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.system.device.vga.Picture;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** How a picture is kept in a file. */
public enum PictureFormat {
  /**
   * Three bytes for each dot behind a header.
   *
   * @see "Netpbm, ppm(5)"
   */
  PPM("ppm") {
    @Override
    public void write(Picture picture, OutputStream out) throws IOException {
      int width = picture.width();
      int height = picture.height();
      out.write(("P6\n" + width + " " + height + "\n255\n").getBytes(US_ASCII));
      var dots = new int[width];
      var bytes = new byte[3 * width];
      for (int y = 0; y < height; y++) {
        picture.line(y, dots);
        bytes(dots, bytes, 0);
        out.write(bytes);
      }
    }
  },

  /** Compressed without loss. */
  PNG("png") {
    @Override
    public void write(Picture picture, OutputStream out) throws IOException {
      int width = picture.width();
      int height = picture.height();
      try (var png = new PngWriter(out, width, height)) {
        var dots = new int[width];
        var bytes = new byte[1 + 3 * width]; // the first says that the line is not filtered
        for (int y = 0; y < height; y++) {
          picture.line(y, dots);
          bytes(dots, bytes, 1);
          png.line(bytes);
        }
        png.end();
      }
    }
  };

  private final String word;

  PictureFormat(String word) {
    this.word = word;
  }

  /** The format of that name, or null. */
  public static @Nullable PictureFormat named(String word) {
    for (PictureFormat format : values()) {
      if (format.word.equals(word)) {
        return format;
      }
    }
    return null;
  }

  /** Writes a picture; leaves {@code out} open. */
  public abstract void write(Picture picture, OutputStream out) throws IOException;

  static void bytes(int[] dots, byte[] into, int from) {
    int at = from;
    for (int dot : dots) {
      into[at++] = (byte) (dot >> 16);
      into[at++] = (byte) (dot >> 8);
      into[at++] = (byte) dot;
    }
  }
}
