// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.crypto.EncryptedSectors;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.LegacyAes;
import dev.strata.formats.crypto.LuksVolume;
import dev.strata.formats.crypto.Passphrases;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How an image's guest data are encrypted. Compressed clusters are not, nor are metadata.
 *
 * @see "QEMU docs/interop/qcow2.txt, Data encryption"
 */
final class DataEncryption implements AutoCloseable {
  static final int NONE = 0;
  static final int AES = 1;
  static final int LUKS = 2;

  private final Passphrases passphrases;
  private final BufferPool buffers;
  private final @Nullable LuksVolume volume; // null for AES
  private final @Nullable EncryptedSectors sectors; // null if only metadata are asked for

  private DataEncryption(
      OpenContext context, @Nullable LuksVolume volume, @Nullable EncryptedSectors sectors) {
    this.passphrases = new Passphrases(context.objects(), EncryptionOptions.KEY_SECRET);
    this.buffers = context.buffers();
    this.volume = volume;
    this.sectors = sectors;
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /**
   * Unlocks an image.
   *
   * @param options of the node, of which it takes those of the encryption
   * @return null if the image is not encrypted
   */
  static @Nullable DataEncryption open(
      OpenContext context, Child file, HeaderFile header, BlockOptions options)
      throws BlockException {
    int method = header.header().cryptMethod();
    var pointer = header.extension(HeaderExtension.CryptoHeader.class);
    if (pointer != null) {
      checkPointer(pointer, method, header.header().clusterSize());
    }
    String found = method == NONE ? null : method == AES ? "aes" : "luks";
    String secret = EncryptionOptions.takeKeySecret(found, options.section("encrypt"));
    if (found == null) {
      return null;
    }
    if (method == LUKS && pointer == null) {
      throw wrong("Missing CRYPTO header for crypt method " + method);
    }
    if (context.flags().noIo()) {
      return new DataEncryption(
          context, pointer == null ? null : LuksVolume.open(area(file, pointer)), null);
    }
    byte[] password =
        new Passphrases(context.objects(), EncryptionOptions.KEY_SECRET).required(secret);
    try {
      if (pointer == null) {
        return new DataEncryption(context, null, LegacyAes.sectors(password));
      }
      LuksVolume volume = LuksVolume.open(area(file, pointer));
      volume.unlock(password);
      volume.openedWith(secret);
      return new DataEncryption(context, volume, volume.sectors());
    } finally {
      Arrays.fill(password, (byte) 0);
    }
  }

  private static CryptoHeaderArea area(Child file, HeaderExtension.CryptoHeader pointer) {
    return new CryptoHeaderArea(file, pointer.offset(), pointer.length());
  }

  private static void checkPointer(
      HeaderExtension.CryptoHeader pointer, int method, long clusterSize) throws BlockException {
    if (method != LUKS) {
      throw wrong("CRYPTO header extension only expected with LUKS encryption method");
    }
    if ((pointer.offset() & (clusterSize - 1)) != 0) {
      throw wrong(
          "Encryption header offset '"
              + Long.toUnsignedString(pointer.offset())
              + "' is not a multiple of cluster size '"
              + clusterSize
              + "'");
    }
  }

  /** The LUKS header, or null if there is none. */
  @Nullable LuksVolume volume() {
    return volume;
  }

  Passphrases passphrases() {
    return passphrases;
  }

  /** What is told of it, {@code ImageInfoSpecificQCow2Encryption}. */
  JsonObject describe() {
    LuksVolume luks = volume;
    return luks == null ? new JsonObject().put("format", "aes") : luks.describe(true);
  }

  private EncryptedSectors sectors() throws BlockException {
    EncryptedSectors unlocked = sectors;
    if (unlocked == null) {
      throw new BlockException(Errno.EPERM, "The image was opened without its key");
    }
    return unlocked;
  }

  /** What a sector is numbered by: the old encryption has a cluster move with its number. */
  private long sector(long guestOffset, long hostOffset) {
    return (volume == null ? guestOffset : hostOffset) / EncryptedSectors.SECTOR;
  }

  /** Reads whole sectors of guest data. */
  void read(Child file, long hostOffset, long guestOffset, IoVector into) throws BlockException {
    sectors().read(file, hostOffset, sector(guestOffset, hostOffset), into, buffers);
  }

  /** Writes whole sectors of guest data. */
  void write(Child file, long hostOffset, long guestOffset, IoVector from, int flags)
      throws BlockException {
    sectors().write(file, hostOffset, sector(guestOffset, hostOffset), from, flags, buffers);
  }

  /** Overwrites the keys. */
  @Override
  public void close() {
    if (volume != null) {
      volume.close();
    }
    if (sectors != null) {
      sectors.close();
    }
  }
}
