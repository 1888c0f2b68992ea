// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptionOptions;
import dev.strata.formats.crypto.LuksCreation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of a new image, and its creation: an image of size 0 is written, header last, then
 * grown as any open image is.
 */
record Qcow2Create(
    long size,
    int version,
    @Nullable String backingFile,
    @Nullable String backingFormat,
    @Nullable String dataFile,
    boolean dataFileRaw,
    boolean extendedL2,
    int clusterBits,
    Preallocation preallocation,
    boolean lazyRefcounts,
    int refcountOrder,
    int compressionType,
    @Nullable NewEncryption encryption) {
  /** Header, refcount table and a block of refcounts: where nothing more is, all is written. */
  private static final int FEWEST_CLUSTERS = 3;

  private static final String V3 =
      " with compatibility level 1.1 and above (use version=v3 or greater)";

  static final Option<Boolean> ENCRYPTION =
      Option.bool(
          "encryption",
          "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)");
  private static final Option<String> ENCRYPT_FORMAT =
      Option.string("encrypt.format", "Encrypt the image, format choices: 'aes', 'luks'")
          .suggesting("aes", "luks");
  private static final Option<String> KEY_SECRET =
      Option.string(
          EncryptionOptions.KEY_SECRET, "ID of secret providing qcow AES key or LUKS passphrase");
  private static final Option<Long> CLUSTER_SIZE =
      Option.size("cluster_size", "qcow2 cluster size").orElse(65536L);
  private static final Option<Boolean> EXTENDED_L2 =
      Option.bool("extended_l2", "Extended L2 tables").orElse(false);
  private static final Option<String> PREALLOCATION =
      Option.string(
              "preallocation", "Preallocation mode (allowed values: off, metadata, falloc, full)")
          .suggesting("off", "metadata", "falloc", "full");
  private static final Option<String> COMPRESSION_TYPE =
      Option.string("compression_type", "Compression method used for image cluster compression")
          .orElse("zlib")
          .suggesting("zlib", "zstd");

  /** Of any disk, in bytes; what is longer has another message than what this format cannot do. */
  private static final long MAX_LENGTH = Long.MAX_VALUE & -(1L << 30);

  static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  static final Option<String> COMPAT =
      Option.string("compat", "Compatibility level (v2 [0.10] or v3 [1.1])")
          .suggesting("v2", "v3", "0.10", "1.1");
  static final Option<String> BACKING_FILE =
      Option.string("backing_file", "File name of a base image");
  static final Option<String> BACKING_FMT =
      Option.string("backing_fmt", "Image format of the base image");
  static final Option<String> DATA_FILE =
      Option.string("data_file", "File name of an external data file");
  static final Option<Boolean> DATA_FILE_RAW =
      Option.bool("data_file_raw", "The external data file must stay valid as a raw image");
  private static final Option<Boolean> LAZY_REFCOUNTS =
      Option.bool("lazy_refcounts", "Postpone refcount updates").orElse(false);
  private static final Option<Long> REFCOUNT_BITS =
      Option.number("refcount_bits", "Width of a reference count entry in bits").orElse(16L);

  static final OptionSchema SCHEMA =
      OptionSchema.of(
          ENCRYPTION,
          ENCRYPT_FORMAT,
          KEY_SECRET,
          LuksCreation.cipherOption("encrypt."),
          LuksCreation.modeOption("encrypt."),
          LuksCreation.ivOption("encrypt."),
          LuksCreation.ivHashOption("encrypt."),
          LuksCreation.hashOption("encrypt."),
          LuksCreation.iterTimeOption("encrypt."),
          CLUSTER_SIZE,
          EXTENDED_L2,
          PREALLOCATION,
          COMPRESSION_TYPE,
          SIZE,
          COMPAT,
          BACKING_FILE,
          BACKING_FMT,
          DATA_FILE,
          DATA_FILE_RAW,
          LAZY_REFCOUNTS,
          REFCOUNT_BITS);

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private static BlockException value(String parameter, String given) {
    return wrong("Parameter '" + parameter + "' does not accept value '" + given + "'");
  }

  /** Takes the options and checks that they go together. */
  static Qcow2Create take(BlockOptions options) throws BlockException {
    NewEncryption encryption = NewEncryption.take(options);
    long clusterSize = options.take(CLUSTER_SIZE, 65536L);
    if (clusterSize < 512 || clusterSize > 2 << 20 || Long.bitCount(clusterSize) != 1) {
      throw wrong("Cluster size must be a power of two between 512 and 2048k");
    }
    long size = options.take(SIZE, 0L);
    if (size < 0) {
      throw wrong("Could not resize image: Image size cannot be negative");
    }
    if (size > Long.MAX_VALUE - 511) {
      throw BlockException.of(Errno.EFBIG);
    }
    long refcountBits = options.take(REFCOUNT_BITS, 16L);
    if (refcountBits < 1 || refcountBits > 64 || Long.bitCount(refcountBits) != 1) {
      throw wrong("Refcount width must be a power of two and may not exceed 64 bits");
    }
    var create =
        new Qcow2Create(
            (size + 511) & -512,
            version(options.takeString(COMPAT.name())),
            options.takeString(BACKING_FILE.name()),
            options.takeString(BACKING_FMT.name()),
            options.takeString(DATA_FILE.name()),
            options.take(DATA_FILE_RAW, false),
            options.take(EXTENDED_L2, false),
            Long.numberOfTrailingZeros(clusterSize),
            preallocation(options.takeString(PREALLOCATION.name())),
            options.take(LAZY_REFCOUNTS, false),
            Long.numberOfTrailingZeros(refcountBits),
            compression(options.take(COMPRESSION_TYPE, "zlib")),
            encryption);
    create.check();
    return create;
  }

  private static int version(@Nullable String word) throws BlockException {
    if (word == null) {
      return 3;
    }
    return switch (word) {
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default -> throw value("version", word);
    };
  }

  private static Preallocation preallocation(@Nullable String word) throws BlockException {
    if (word == null) {
      return Preallocation.OFF;
    }
    for (Preallocation mode : Preallocation.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw value("preallocation", word);
  }

  private static int compression(String word) throws BlockException {
    return switch (word) {
      case "zlib" -> 0;
      case "zstd" -> 1;
      default -> throw value("compression-type", word);
    };
  }

  private void check() throws BlockException {
    if (extendedL2) {
      if (version < 3) {
        throw wrong("Extended L2 entries are only supported" + V3);
      }
      if (clusterBits < 14) {
        throw wrong(
            "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes");
      }
    }
    if (preallocation != Preallocation.OFF && backingFile != null && !extendedL2) {
      throw wrong(
          "Backing file and preallocation can only be used at the same time if extended_l2 is on");
    }
    if (backingFormat != null && backingFile == null) {
      throw wrong("Backing format cannot be used without backing file");
    }
    if (lazyRefcounts && version < 3) {
      throw wrong("Lazy refcounts only supported" + V3);
    }
    if (refcountOrder != 4 && version < 3) {
      throw wrong(
          "Different refcount widths than 16 bits require compatibility level 1.1 or above (use"
              + " version=v3 or greater)");
    }
    if (dataFileRaw && dataFile == null) {
      throw wrong("data-file-raw requires data-file");
    }
    if (dataFileRaw && backingFile != null) {
      throw wrong("Backing file and data-file-raw cannot be used at the same time");
    }
    if (dataFile != null && version < 3) {
      throw wrong("External data files are only supported" + V3);
    }
    if (compressionType != 0 && version < 3) {
      throw wrong("Non-zlib compression type is only supported" + V3);
    }
    if (backingFile != null && backingFile.length() > 1023) {
      throw wrong("Backing file name too long");
    }
  }

  /** Writes the image. */
  void run(CreateContext context) throws BlockException {
    NewEncryption secret = encryption;
    if (secret != null) {
      secret.checkPassword(context.objects()); // before anything that is there is overwritten
    }
    NewImageLayout layout = layout();
    Child file = context.createFile();
    Child data = dataFile == null ? null : context.createDataFile(dataFile);
    // Tables first, the header last: a crash before it leaves no image at all.
    file.truncate(0, false, Preallocation.OFF, 0);
    layout.writeRefcounts(file);
    var extensions = new ArrayList<>(extensions());
    if (layout.clusters() > FEWEST_CLUSTERS) {
      file.truncate(layout.end(), false, Preallocation.OFF, 0);
    }
    if (secret != null && secret.headerBytes() > 0) {
      long length = secret.headerBytes();
      secret.writeHeader(
          new CryptoHeaderArea(file, layout.cryptoOffset(), length), context.objects());
      extensions.add(new HeaderExtension.CryptoHeader(layout.cryptoOffset(), length));
    }
    file.flush();
    var cluster = new byte[1 << clusterBits];
    Qcow2Header header = header(layout);
    HeaderFile.encode(cluster, header, HeaderExtension.inOrder(extensions, header), backingFile);
    file.write(0, cluster, 0);
    file.flush();
    if (header.size() != size) {
      resize(context, data);
    }
  }

  /** The image as it is written from front to back. */
  Qcow2Stream stream(boolean compressed) throws BlockException {
    if (encryption != null || dataFile != null || backingFile != null) {
      throw wrong(
          "A qcow2 image written from front to back has no encryption, data file or backing file");
    }
    if (preallocation != Preallocation.OFF) {
      throw wrong("A qcow2 image written from front to back has no preallocation");
    }
    long l1Entries = geometry().l1EntriesFor(size);
    if (8 * l1Entries > Qcow2Header.MAX_L1_BYTES) {
      throw BlockException.of(Errno.EFBIG);
    }
    Qcow2Header unplaced =
        new Qcow2Header(
            version,
            0,
            0,
            clusterBits,
            size,
            DataEncryption.NONE,
            (int) l1Entries,
            0,
            0,
            0,
            0,
            0,
            (compressionType != 0 ? Feature.COMPRESSION_TYPE : 0)
                | (extendedL2 ? Feature.EXTENDED_L2 : 0),
            lazyRefcounts ? Feature.LAZY_REFCOUNTS : 0,
            0,
            refcountOrder,
            version >= 3 ? Qcow2Header.CURRENT_LENGTH : Qcow2Header.V2_LENGTH,
            compressionType);
    return new Qcow2Stream(unplaced, compressed);
  }

  private void resize(CreateContext context, @Nullable Child data) throws BlockException {
    var options = new BlockOptions();
    if (data != null) {
      options.put("data-file", data.nodeName());
    }
    if (encryption != null && encryption.keySecret() != null) {
      options.put(EncryptionOptions.KEY_SECRET, encryption.keySecret());
    }
    BlockIo image = context.openImage("qcow2", options);
    try {
      if (size > MAX_LENGTH) {
        throw wrong("offset(" + size + ") exceeds maximum(" + MAX_LENGTH + ")");
      }
      image.truncate(size, true, preallocation, 0);
    } catch (BlockException e) {
      BlockException why =
          e.errno() == Errno.EFBIG
              ? new BlockException(
                  Errno.EFBIG, "Failed to grow the L1 table: " + Errno.EFBIG.text())
              : e;
      throw why.during("Could not resize image");
    }
  }

  /**
   * An image whose passphrase takes time to unlock it, as it shall, gets its size at once, if there
   * is nothing but an empty table to it.
   */
  private boolean isSizedAtOnce() {
    return encryption != null && preallocation == Preallocation.OFF && dataFile == null;
  }

  private Geometry geometry() {
    return new Geometry(clusterBits, extendedL2, refcountOrder);
  }

  private NewImageLayout layout() throws BlockException {
    long l1Bytes = 0;
    if (isSizedAtOnce()) {
      l1Bytes = 8 * geometry().l1EntriesFor(size);
      if (l1Bytes > Qcow2Header.MAX_L1_BYTES) {
        throw BlockException.of(Errno.EFBIG);
      }
    }
    return NewImageLayout.of(
        clusterBits, refcountOrder, encryption == null ? 0 : encryption.headerBytes(), l1Bytes);
  }

  private Qcow2Header header(NewImageLayout layout) throws BlockException {
    boolean sized = isSizedAtOnce();
    long incompatible =
        (dataFile != null ? Feature.DATA_FILE : 0)
            | (compressionType != 0 ? Feature.COMPRESSION_TYPE : 0)
            | (extendedL2 ? Feature.EXTENDED_L2 : 0);
    return new Qcow2Header(
        version,
        0,
        0,
        clusterBits,
        sized ? size : 0,
        encryption == null ? DataEncryption.NONE : encryption.method(),
        sized ? (int) geometry().l1EntriesFor(size) : 0,
        sized && size > 0 ? layout.l1Offset() : 0,
        layout.tableOffset(),
        layout.tableClusters(),
        0,
        0,
        incompatible,
        lazyRefcounts ? Feature.LAZY_REFCOUNTS : 0,
        dataFileRaw ? Feature.DATA_FILE_RAW : 0,
        refcountOrder,
        version >= 3 ? Qcow2Header.CURRENT_LENGTH : Qcow2Header.V2_LENGTH,
        compressionType);
  }

  private List<HeaderExtension> extensions() {
    var extensions = new ArrayList<HeaderExtension>();
    if (backingFormat != null) {
      extensions.add(new HeaderExtension.BackingFormat(backingFormat));
    }
    if (dataFile != null) {
      extensions.add(new HeaderExtension.DataFile(dataFile));
    }
    return extensions;
  }
}
