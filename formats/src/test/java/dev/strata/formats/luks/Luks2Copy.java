// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** One of the two copies of the header in an image, to be changed by an attacker. */
record Luks2Copy(byte[] image, int offset) {
  static final int BINARY = 4096;
  private static final int SEQUENCE = 16;
  private static final int LABEL = 24;
  private static final int CHECKSUM = 448;
  private static final int CHECKSUM_BYTES = 64;

  static Luks2Copy first(byte[] image) {
    return new Luks2Copy(image, 0);
  }

  static Luks2Copy second(byte[] image) {
    return new Luks2Copy(image, (int) ByteBuffer.wrap(image).getLong(8));
  }

  private int length() {
    return (int) ByteBuffer.wrap(image).getLong(offset + 8);
  }

  private int textBytes() {
    int end = offset + BINARY;
    while (image[end] != 0) {
      end++;
    }
    return end - offset - BINARY;
  }

  String text() {
    return new String(image, offset + BINARY, textBytes(), UTF_8);
  }

  Luks2Copy withText(UnaryOperator<String> change) {
    byte[] text = change.apply(text()).getBytes(UTF_8);
    Arrays.fill(image, offset + BINARY, offset + length(), (byte) 0);
    System.arraycopy(text, 0, image, offset + BINARY, text.length);
    return withChecksum();
  }

  Luks2Copy withSequence(long sequence, String label) {
    ByteBuffer.wrap(image).putLong(offset + SEQUENCE, sequence);
    byte[] bytes = label.getBytes(UTF_8);
    System.arraycopy(bytes, 0, image, offset + LABEL, bytes.length);
    return withChecksum();
  }

  /** Makes the checksum right again. */
  Luks2Copy withChecksum() {
    Arrays.fill(image, offset + CHECKSUM, offset + CHECKSUM + CHECKSUM_BYTES, (byte) 0);
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(image, offset, length());
      byte[] sum = digest.digest();
      System.arraycopy(sum, 0, image, offset + CHECKSUM, sum.length);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    return this;
  }
}
