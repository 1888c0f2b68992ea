// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Finds a file in a zip archive.
 *
 * @see "PKWARE APPNOTE.TXT 6.3.10"
 */
final class ZipMembers {
  static final int LOCAL_HEADER = 0x504b0304;
  static final int EMPTY = 0x504b0506;

  /** What a directory is read of: more than 100 000 names. */
  private static final long MAX_DIRECTORY = 8 << 20;

  /** No byte of deflate's makes more. */
  private static final long MAX_RATIO = 1032;

  private ZipMembers() {}

  /**
   * The file of that name.
   *
   * @param name null for the only one whose name is a disk's
   */
  static BlockDriver find(Child archive, @Nullable String name) throws BlockException {
    var in = new ChildInput(archive);
    in.allow(MAX_DIRECTORY);
    try (ZipFile zip =
        ZipFile.builder()
            .setSeekableByteChannel(new ChildChannel(in))
            .setIgnoreLocalFileHeader(true)
            .get()) {
      ZipArchiveEntry found = null;
      for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
        if (entry.isDirectory() || !DiskNames.isWanted(entry.getName(), name)) {
          continue;
        }
        if (found != null) {
          throw new BlockException(
              Errno.EINVAL,
              name == null
                  ? "The zip holds several disks: name one as zip:FILE!MEMBER"
                  : "The zip holds several '" + name + "'");
        }
        found = entry;
      }
      if (found == null) {
        throw new BlockException(
            Errno.ENOENT,
            name == null ? "The zip holds no disk" : "The zip holds no '" + name + "'");
      }
      return member(archive, zip, found);
    } catch (BlockException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Some damage the library finds only by its own arrays' ends.
      throw new BlockException(Errno.EINVAL, "The zip is malformed").causedBy(e);
    }
  }

  private static BlockDriver member(Child archive, ZipFile zip, ZipArchiveEntry entry)
      throws IOException {
    if (entry.getGeneralPurposeBit().usesEncryption()) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "'" + entry.getName() + "' is encrypted in the zip");
    }
    try (InputStream ignored = zip.getRawInputStream(entry)) { // finds where the file's data begin
      if (ignored == null) {
        throw new IOException("no data");
      }
    }
    long start = entry.getDataOffset();
    long packed = entry.getCompressedSize();
    long size = entry.getSize();
    if (size < 0 || packed < 0 || start < 0 || start > archive.length() - packed) {
      throw new BlockException(Errno.EINVAL, "The zip ends within '" + entry.getName() + "'");
    }
    return switch (entry.getMethod()) {
      case ZipEntry.STORED -> {
        if (packed != size) {
          throw new IOException("stored in another size");
        }
        yield new MemberDriver(archive, start, size);
      }
      case ZipEntry.DEFLATED -> {
        if (size / MAX_RATIO > packed) {
          throw new IOException("more than deflate can hold");
        }
        yield new UnpackedDriver(new DeflatedMember(archive, start, packed, size));
      }
      default ->
          throw new BlockException(
              Errno.EOPNOTSUPP,
              "'"
                  + entry.getName()
                  + "' is packed in the zip by method "
                  + entry.getMethod()
                  + ": only stored and deflated files are read");
    };
  }
}
