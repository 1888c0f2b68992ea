// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import static dev.strata.block.Errno.EFBIG;
import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.SafetyFinding.Severity;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The header, 64 bytes; the BAT follows. All numbers are little-endian.
 *
 * @param extended whether BAT entries count clusters ({@code WithouFreSpacExt}) or sectors ({@code
 *     WithoutFreeSpace})
 * @param cylinders of a geometry that guests may be told, as {@code heads}
 * @param tracks the cluster size in sectors; not always a power of two
 * @param batEntries the disk's size in clusters
 * @param sectors the disk's size in sectors
 * @param dataOffset the data area's start in sectors; 0 if it follows the BAT at once
 * @param extensionOffset of the Format Extension cluster in sectors; 0 if there is none
 * @see "QEMU docs/interop/parallels, Header"
 */
record ParallelsHeader(
    boolean extended,
    long heads,
    long cylinders,
    int tracks,
    int batEntries,
    long sectors,
    long inUse,
    long dataOffset,
    long flags,
    long extensionOffset) {
  static final int BYTES = 64;
  static final int SECTOR = 512;

  /** {@code in_use} of an image that is open for writing, or was when its writer died. */
  static final long IN_USE = 0x746F6E59L;

  static final int IN_USE_POSITION = 44;

  private static final int MAGIC_BYTES = 16;
  private static final byte[] MAGIC = "WithoutFreeSpace".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] MAGIC_EXTENDED =
      "WithouFreSpacExt".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 2;
  private static final int MAX_TRACKS = Integer.MAX_VALUE / 513;
  private static final int MAX_BAT_ENTRIES = Integer.MAX_VALUE / 4;

  /** Whether an image begins with these bytes, {@link #BYTES} or more. */
  static boolean isAt(byte[] head) {
    return head.length >= BYTES && (begins(head, MAGIC) || begins(head, MAGIC_EXTENDED));
  }

  private static boolean begins(byte[] head, byte[] magic) {
    return Arrays.equals(head, 0, MAGIC_BYTES, magic, 0, MAGIC_BYTES);
  }

  /** Whether the version, without which the magic means nothing, is the one there is. */
  static boolean isVersionKnown(byte[] head) {
    return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(MAGIC_BYTES) == VERSION;
  }

  static ParallelsHeader decode(byte[] image) throws BlockException {
    if (!isAt(image) || !isVersionKnown(image)) {
      throw new BlockException(EINVAL, "Image not in Parallels format");
    }
    boolean extended = begins(image, MAGIC_EXTENDED);
    var in = StructReader.littleEndian(image);
    in.skip("magic", MAGIC_BYTES); //                            0
    in.skip("version", 4); //                                   16
    long heads = in.u32("heads"); //                            20
    long cylinders = in.u32("cylinders"); //                    24
    long tracks = in.u32("tracks"); //                          28
    long batEntries = in.u32("nb_bat_entries"); //              32
    long sectors = in.u64("nb_sectors"); //                     36
    long inUse = in.u32("in_use"); //                           44
    long dataOffset = in.u32("data_off"); //                    48
    long flags = in.u32("flags"); //                            52
    long extensionOffset = in.u64("ext_off"); //                56
    if (!extended) {
      sectors &= 0xffff_ffffL;
    }
    if (tracks == 0) {
      throw new BlockException(EINVAL, "Invalid image: Zero sectors per track");
    }
    if (tracks > MAX_TRACKS) {
      throw new BlockException(EINVAL, "Invalid image: Too big cluster");
    }
    if (batEntries > MAX_BAT_ENTRIES) {
      throw new BlockException(EFBIG, "Catalog too large");
    }
    if (sectors < 0 || sectors > Long.MAX_VALUE / SECTOR) {
      throw new BlockException(
          EFBIG, "nb_sectors is " + Long.toUnsignedString(sectors) + "; must be below 2^54");
    }
    return new ParallelsHeader(
        extended,
        heads,
        cylinders,
        (int) tracks,
        (int) batEntries,
        sectors,
        inUse,
        dataOffset,
        flags,
        extensionOffset);
  }

  /**
   * The header of a new image.
   *
   * @param size in bytes
   * @param clusterSize in bytes
   */
  static ParallelsHeader create(long size, long clusterSize) throws BlockException {
    long clusters = ceilDiv(size, clusterSize == 0 ? 1 : clusterSize);
    if (clusterSize == 0 || Long.compareUnsigned(clusters, MAX_BAT_ENTRIES) > 0) {
      throw new BlockException(EINVAL, "Image size is too large for this cluster size");
    }
    long tracks = ceilDiv(clusterSize, SECTOR);
    if (Long.compareUnsigned(tracks, MAX_TRACKS) > 0) {
      throw new BlockException(EINVAL, "Cluster size is too large");
    }
    // Rounding the cluster up to sectors may take fewer of them.
    long batEntries = ceilDiv(size, tracks * SECTOR);
    long batSectors = ceilDiv(BYTES + 4 * batEntries, SECTOR);
    // The guest sees a disk with 16 heads and 32 sectors per track.
    long cylinders = ceilDiv(size, SECTOR) / 16 / 32 & 0xffff_ffffL;
    return new ParallelsHeader(
        true,
        16,
        cylinders,
        (int) tracks,
        (int) batEntries,
        ceilDiv(size, SECTOR),
        0,
        ceilDiv(batSectors, tracks) * tracks,
        0,
        0);
  }

  /** Of unsigned numbers. */
  private static long ceilDiv(long value, long divisor) {
    long quotient = Long.divideUnsigned(value, divisor);
    return quotient * divisor == value ? quotient : quotient + 1;
  }

  void encode(byte[] target) {
    StructWriter.littleEndian(target)
        .bytes(extended ? MAGIC_EXTENDED : MAGIC)
        .u32(VERSION)
        .u32(heads)
        .u32(cylinders)
        .u32(tracks)
        .u32(batEntries)
        .u64(sectors)
        .u32(inUse)
        .u32(dataOffset)
        .u32(flags)
        .u64(extensionOffset);
  }

  /**
   * Tells what there is to fear of an image.
   *
   * @param fileLength in bytes
   */
  void inspect(long fileLength, Consumer<SafetyFinding> found) {
    if (unclean()) {
      found.accept(
          new SafetyFinding(
              Severity.SUSPICIOUS,
              SafetyFinding.CORRUPTION,
              "was not closed",
              "repair it with 'qemu-img check -r all'"));
    }
    if (batEnd() > fileLength + SECTOR) {
      found.accept(
          new SafetyFinding(
              Severity.DANGEROUS,
              SafetyFinding.CORRUPTION,
              "has a BAT that is not within the file",
              "ask for another copy"));
    }
    long needed = ceilDiv(sectors, tracks);
    if (batEntries / 16 > Math.max(needed, 1 << 16)) {
      found.accept(
          new SafetyFinding(
              Severity.SUSPICIOUS,
              SafetyFinding.SIZES,
              "has a BAT of " + batEntries + " entries for a disk of " + needed,
              "limit the time and memory of what opens it"));
    }
    if (extensionOffset != 0) {
      found.accept(
          new SafetyFinding(
              Severity.NOTE,
              SafetyFinding.FEATURES,
              "has a format extension, which keeps dirty bitmaps",
              "nothing: bitmaps hold no data"));
    }
  }

  /** In bytes. */
  long clusterSize() {
    return (long) tracks * SECTOR;
  }

  /** What a BAT entry counts, in bytes. */
  long entryUnit() {
    return extended ? clusterSize() : SECTOR;
  }

  /** The first byte behind the BAT. */
  long batEnd() {
    return BYTES + 4L * batEntries;
  }

  /** Where the data area begins, in bytes; never within the BAT, whatever the header says. */
  long dataStart() {
    return Math.max(dataOffset, ceilDiv(batEnd(), SECTOR)) * SECTOR;
  }

  /** Whether an opener for writing did not close the image. */
  boolean unclean() {
    return inUse == IN_USE;
  }
}
