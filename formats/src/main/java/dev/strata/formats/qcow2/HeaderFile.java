// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first cluster of an image: header, extensions and the backing file's name, kept as one.
 * Guarded by the image's table lock.
 */
final class HeaderFile {
  /** The most bytes of a backing file's name, by the format. */
  private static final int MAX_BACKING_NAME = 1023;

  /** What is written as a whole or not at all, in bytes. */
  private static final int SECTOR = 512;

  /** The header, the extensions and the backing file's name. */
  private final Child file;

  private Qcow2Header header;
  private List<HeaderExtension> extensions;
  private @Nullable String backingName;
  private boolean staleBitmaps;

  HeaderFile(
      Child file,
      Qcow2Header header,
      List<HeaderExtension> extensions,
      @Nullable String backingName) {
    this.file = file;
    this.header = header;
    this.extensions = List.copyOf(extensions);
    this.backingName = backingName;
  }

  /** Reads the first cluster. */
  static HeaderFile load(Child file) throws BlockException {
    var fixed = new byte[Qcow2Header.CURRENT_LENGTH];
    try {
      file.read(0, fixed, 0);
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not read qcow2 header");
    }
    Qcow2Header header = Qcow2Header.decode(fixed);
    var cluster = new byte[(int) header.clusterSize()];
    file.read(0, cluster, 0);
    String backing = null;
    long extensionsEnd = header.clusterSize();
    if (header.backingFileOffset() != 0) {
      int size = header.backingFileSize();
      if (size > Math.min(MAX_BACKING_NAME, header.clusterSize() - header.backingFileOffset())) {
        throw new BlockException(Errno.EINVAL, "Backing file name too long");
      }
      extensionsEnd = header.backingFileOffset();
      int start = (int) header.backingFileOffset();
      backing = text(cluster, start, size);
    }
    List<HeaderExtension> extensions = readExtensions(cluster, header, extensionsEnd);
    var loaded = new HeaderFile(file, header, List.of(), backing);
    loaded.take(extensions);
    return loaded;
  }

  private void take(List<HeaderExtension> read) {
    var current = new ArrayList<HeaderExtension>();
    for (HeaderExtension extension : read) {
      if (extension instanceof HeaderExtension.Bitmaps
          && (header.autoclear() & Feature.BITMAPS) == 0) {
        // A program that knows no bitmaps has written since: they are no longer true.
        staleBitmaps = true;
      } else {
        current.add(extension);
      }
    }
    extensions = List.copyOf(current);
  }

  /** Whether the file had bitmaps that nobody may trust; they go when the header is written. */
  boolean hasStaleBitmaps() {
    return staleBitmaps;
  }

  private static List<HeaderExtension> readExtensions(byte[] cluster, Qcow2Header header, long end)
      throws BlockException {
    var found = new ArrayList<HeaderExtension>();
    var in = StructReader.bigEndian(cluster);
    in.seek("extensions", header.headerLength());
    while (in.position() + 8 <= end) {
      int type = (int) in.u32("extension type");
      long length = in.u32("extension length");
      // The end has a length too, whatever for.
      if (length > end - in.position()) {
        throw new BlockException(Errno.EINVAL, "Header extension too large");
      }
      if (type == HeaderExtension.END) {
        break;
      }
      byte[] body = in.bytes("extension", (int) length);
      found.add(extension(type, body));
      long padding = -in.position() & 7;
      if (padding > in.remaining()) {
        break;
      }
      in.skip("padding", padding);
    }
    return found;
  }

  /** Up to the first NUL: where names are read as C reads them, what is behind it is not there. */
  private static String text(byte[] bytes, int start, int size) {
    int length = 0;
    while (length < size && bytes[start + length] != 0) {
      length++;
    }
    return new String(bytes, start, length, StandardCharsets.UTF_8);
  }

  private static HeaderExtension extension(int type, byte[] body) throws BlockException {
    var in = StructReader.bigEndian(body);
    return switch (type) {
      case HeaderExtension.BACKING_FORMAT -> {
        if (body.length > 15) {
          throw new BlockException(
              Errno.EINVAL, "ERROR: ext_backing_format: len=" + body.length + " too large (>=16)");
        }
        yield new HeaderExtension.BackingFormat(text(body, 0, body.length));
      }
      case HeaderExtension.DATA_FILE -> new HeaderExtension.DataFile(text(body, 0, body.length));
      case HeaderExtension.FEATURE_NAMES -> new HeaderExtension.FeatureNames(body);
      case HeaderExtension.BITMAPS -> {
        if (body.length != 24) {
          throw new BlockException(Errno.EINVAL, "bitmaps_ext: Invalid extension length");
        }
        int count = (int) Math.min(Integer.MAX_VALUE, in.u32("nb_bitmaps"));
        if (in.u32("reserved") != 0) {
          throw new BlockException(Errno.EINVAL, "bitmaps_ext: Reserved field is not zero");
        }
        yield new HeaderExtension.Bitmaps(
            count, in.u64("bitmap_directory_size"), in.u64("bitmap_directory_offset"));
      }
      case HeaderExtension.CRYPTO_HEADER -> {
        if (body.length != 16) {
          throw new BlockException(
              Errno.EINVAL,
              "CRYPTO header extension size " + body.length + ", but expected size 16");
        }
        yield new HeaderExtension.CryptoHeader(in.u64("offset"), in.u64("length"));
      }
      default -> new HeaderExtension.Unknown(type, body);
    };
  }

  Qcow2Header header() {
    return header;
  }

  List<HeaderExtension> extensions() {
    return extensions;
  }

  /** The extension of that kind, or null; where a file has several, the last one counts. */
  <E extends HeaderExtension> @Nullable E extension(Class<E> kind) {
    E found = null;
    for (HeaderExtension extension : extensions) {
      if (kind.isInstance(extension)) {
        found = kind.cast(extension);
      }
    }
    return found;
  }

  @Nullable String backingName() {
    return backingName;
  }

  /** Puts {@code replacement}, if any, in the place of all extensions of that kind. */
  static List<HeaderExtension> replacing(
      List<HeaderExtension> extensions,
      Class<? extends HeaderExtension> kind,
      @Nullable HeaderExtension replacement) {
    var result = new ArrayList<HeaderExtension>();
    for (HeaderExtension extension : extensions) {
      if (!kind.isInstance(extension)) {
        result.add(extension);
      }
    }
    if (replacement != null) {
      result.add(replacement);
    }
    return result;
  }

  /**
   * Writes another header with its extensions in their usual order; in memory it changes only if
   * that worked.
   */
  void write(
      Qcow2Header newHeader, List<HeaderExtension> newExtensions, @Nullable String newBacking)
      throws BlockException {
    replace(newHeader, HeaderExtension.inOrder(newExtensions, newHeader), newBacking);
  }

  /** Writes a changed header with the same extensions. */
  void write(Qcow2Header changed) throws BlockException {
    replace(changed, extensions, backingName);
  }

  private void replace(
      Qcow2Header newHeader, List<HeaderExtension> newExtensions, @Nullable String newBacking)
      throws BlockException {
    var cluster = new byte[(int) newHeader.clusterSize()];
    Qcow2Header written = encode(cluster, newHeader, newExtensions, newBacking);
    byte[] plain = isAsBehindFirstSector(cluster) ? null : plainHeader();
    if (plain == null) {
      file.write(0, cluster, 0);
    } else {
      writeInSteps(plain, cluster);
    }
    header = written;
    extensions = List.copyOf(newExtensions);
    backingName = newBacking;
  }

  private boolean isAsBehindFirstSector(byte[] cluster) throws BlockException {
    var now = new byte[cluster.length - SECTOR];
    file.read(SECTOR, now, 0);
    return Arrays.equals(now, 0, now.length, cluster, SECTOR, cluster.length);
  }

  /** What the file has now, without names of features, in one sector; null if it does not fit. */
  private byte @Nullable [] plainHeader() throws BlockException {
    var plain = new byte[SECTOR];
    try {
      encode(
          plain,
          header,
          replacing(extensions, HeaderExtension.FeatureNames.class, null),
          backingName);
    } catch (BlockException e) {
      if (e.errno() != Errno.ENOSPC) {
        throw e;
      }
      return null;
    }
    return plain;
  }

  /**
   * Writes a cluster of which a crash may leave single sectors, old and new ones: a backing file's
   * name half old and half new would be that of any file. First the old header gets along without
   * what lies behind its sector, then that is written, then the sector.
   */
  private void writeInSteps(byte[] plain, byte[] cluster) throws BlockException {
    file.write(0, plain, 0);
    file.flush();
    file.write(SECTOR, Arrays.copyOfRange(cluster, SECTOR, cluster.length), 0);
    file.flush();
    file.write(0, Arrays.copyOf(cluster, SECTOR), 0);
  }

  /** A header whose fields some other writer has put into the file already. */
  void changed(Qcow2Header newHeader) {
    header = newHeader;
  }

  /**
   * Lays out header, extensions and backing file name in a cluster.
   *
   * @return the header with the name's place
   */
  static Qcow2Header encode(
      byte[] cluster,
      Qcow2Header header,
      List<HeaderExtension> extensions,
      @Nullable String backing)
      throws BlockException {
    byte[] name = backing == null ? new byte[0] : backing.getBytes(StandardCharsets.UTF_8);
    var body = new byte[cluster.length];
    var out = StructWriter.bigEndian(body);
    long need = header.headerLength(); // which a stranger chose, up to a cluster
    if (need + 8 + name.length > cluster.length) {
      throw BlockException.of(Errno.ENOSPC);
    }
    out.seek(header.headerLength());
    for (HeaderExtension extension : extensions) {
      byte[] bytes = extension.body();
      int type = extension.type();
      if (type == 0) {
        continue;
      }
      need += 8 + ((bytes.length + 7L) & -8L);
      if (need + 8 + name.length > cluster.length) {
        throw BlockException.of(Errno.ENOSPC);
      }
      out.u32(type & 0xffffffffL);
      out.u32(bytes.length);
      out.bytes(bytes);
      out.zeroes(-bytes.length & 7);
    }
    if (need + 8 + name.length > cluster.length) {
      throw BlockException.of(Errno.ENOSPC);
    }
    out.u32(HeaderExtension.END);
    out.u32(0);
    long nameOffset = 0;
    if (backing != null) {
      nameOffset = out.position();
      out.bytes(name);
    }
    Qcow2Header placed = header.withBacking(nameOffset, name.length);
    System.arraycopy(body, 0, cluster, 0, cluster.length);
    placed.encode(StructWriter.bigEndian(cluster));
    return placed;
  }
}
