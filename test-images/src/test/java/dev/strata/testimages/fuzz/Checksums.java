// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Gives damaged images the checksums that a parser asks for, as an attacker would. */
final class Checksums {
  private static final int SECTOR = 512;

  private Checksums() {}

  /** Of the format extension of a Parallels image. */
  static byte[] parallels(byte[] image) {
    if (image.length < 64) {
      return image;
    }
    ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    long at = bytes.getLong(56) * SECTOR;
    long cluster = (bytes.getInt(28) & 0xffff_ffffL) * SECTOR;
    if (at <= 0 || cluster <= 24 || cluster > image.length || at > image.length - cluster) {
      return image;
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      digest.update(image, (int) at + 24, (int) cluster - 24);
      bytes.put((int) at + 8, digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    return image;
  }

  /** Of the footer of a VHD, of its copy and of the dynamic header. */
  static byte[] vpc(byte[] image) {
    if (image.length >= SECTOR) {
      ones(image, 0, SECTOR, 64);
      ones(image, image.length - SECTOR, SECTOR, 64);
      long at = ByteBuffer.wrap(image).getLong(16);
      if (at >= SECTOR && at <= image.length - 1024L) {
        ones(image, (int) at, 1024, 36);
      }
    }
    return image;
  }

  private static void ones(byte[] image, int from, int length, int place) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += i >= place && i < place + 4 ? 0 : image[from + i] & 0xff;
    }
    ByteBuffer.wrap(image).putInt(from + place, ~sum);
  }

  /** Of both headers and both region tables of a VHDX. */
  static byte[] vhdx(byte[] image) {
    int step = 64 << 10;
    for (int i = 1; i <= 4; i++) {
      int length = i <= 2 ? 4096 : step;
      if (image.length >= i * step + length) {
        ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(i * step + 4, 0);
        var sum = new CRC32C();
        sum.update(image, i * step, length);
        bytes.putInt(i * step + 4, (int) sum.getValue());
      }
    }
    return image;
  }

  /** Of both copies of a LUKS2 header. */
  static byte[] luks2(byte[] image) {
    int bytes = Luks2Seeds.HEADER;
    for (int at = 0; at <= bytes && at <= image.length - bytes; at += bytes) {
      int checksum = at + Luks2Seeds.CHECKSUM;
      Arrays.fill(image, checksum, checksum + 64, (byte) 0);
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(image, at, bytes);
        byte[] sum = digest.digest();
        System.arraycopy(sum, 0, image, checksum, sum.length);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
    return image;
  }
}
