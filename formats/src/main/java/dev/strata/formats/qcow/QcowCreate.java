// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.Passphrases;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The options of a new image, and its creation.
 *
 * @param size in bytes, a multiple of 512
 * @param encrypted whether by the old AES
 * @param keySecret the secret with the passphrase; null if none was named
 */
record QcowCreate(
    long size, @Nullable String backingFile, boolean encrypted, @Nullable String keySecret) {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<String> BACKING_FILE =
      Option.string("backing_file", "File name of a base image");
  private static final Option<String> BACKING_FMT =
      Option.string("backing_fmt", "Format of the backing image");
  private static final Option<Boolean> ENCRYPTION =
      Option.bool(
          "encryption",
          "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)");
  private static final Option<String> ENCRYPT_FORMAT =
      Option.string("encrypt.format", "Encrypt the image, format choices: 'aes'");
  private static final Option<String> KEY_SECRET =
      Option.string(
          EncryptionOptions.KEY_SECRET, "ID of the secret that provides the AES encryption key");

  static final OptionSchema SCHEMA =
      OptionSchema.of(SIZE, BACKING_FILE, BACKING_FMT, ENCRYPTION, ENCRYPT_FORMAT, KEY_SECRET);

  static QcowCreate take(BlockOptions options) throws BlockException {
    Boolean encryption = options.take(ENCRYPTION);
    BlockOptions encrypt = options.section("encrypt");
    String format = EncryptionOptions.creationFormat(encryption, encrypt);
    if (format != null && !format.equals("aes")) {
      throw new BlockException(Errno.EINVAL, "Unsupported encryption format");
    }
    String keySecret = encrypt.takeString("key-secret");
    long size = options.take(SIZE, 0L);
    String backingFile = options.take(BACKING_FILE);
    options.take(BACKING_FMT); // the format has no room for it
    if (size == 0) {
      throw new BlockException(Errno.EINVAL, "Image size is too small, cannot be zero length");
    }
    if (backingFile != null
        && backingFile.getBytes(StandardCharsets.UTF_8).length > QcowHeader.MAX_NAME) {
      throw new BlockException(Errno.EINVAL, "Backing file name too long");
    }
    var create = new QcowCreate((size + 511) & -512, backingFile, format != null, keySecret);
    if (size < 0 || !QcowHeader.hasRoom(size, create.clusterBits(), create.l2Bits())) {
      throw BlockException.of(Errno.EFBIG);
    }
    return create;
  }

  /** Over a backing file, clusters are a sector: nothing has to be copied. */
  private int clusterBits() {
    return backingFile == null ? 12 : 9;
  }

  private int l2Bits() {
    return backingFile == null ? 9 : 12;
  }

  void run(CreateContext context) throws BlockException {
    if (encrypted) {
      // No trace of it comes into the file, but without it nobody could write there.
      var passphrases = new Passphrases(context.objects(), EncryptionOptions.KEY_SECRET);
      Arrays.fill(passphrases.required(keySecret), (byte) 0);
    }
    Child file = context.createFile();
    byte[] name = backingFile == null ? new byte[0] : backingFile.getBytes(StandardCharsets.UTF_8);
    long l1Offset = ((long) QcowHeader.BYTES + name.length + 7) & -8;
    var header =
        new QcowHeader(
            backingFile == null ? 0 : QcowHeader.BYTES,
            name.length,
            size,
            clusterBits(),
            l2Bits(),
            encrypted,
            l1Offset);
    long end = l1Offset + ((8L * header.l1Entries() + 511) & -512);
    file.truncate(end, false, Preallocation.OFF, 0);
    if (!file.readsZeroAfterCreate()) {
      file.writeZeroes(0, end, 0);
    }
    file.write(0, IoVector.of(header.encode()).followedBy(IoVector.of(name)), 0);
  }
}
