// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds a file in a tar archive: an OVA is one.
 *
 * @see "POSIX.1-2017, pax, ustar Interchange Format"
 */
final class TarMembers {
  /** Of an archive that is looked through. */
  private static final int MAX_MEMBERS = 65536;

  private static final long MAX_EXTENSION = 1 << 20; // bytes of a header that continues another
  private static final int BLOCK = 512;
  private static final int SIZE = 124; // where it is in a header
  private static final int SIZE_LENGTH = 12;
  private static final int TYPE = 156;

  private static final List<String> DISKS =
      List.of(
          ".vmdk", ".qcow2", ".qcow", ".qed", ".vdi", ".vhd", ".vhdx", ".vpc", ".hdd", ".dmg",
          ".img", ".raw", ".iso");

  private TarMembers() {}

  /**
   * The file of that name.
   *
   * @param name null for the only one whose name is a disk's
   */
  static MemberDriver find(Child archive, @Nullable String name) throws BlockException {
    MemberDriver found = null;
    var in = new ChildInput(archive);
    try (var tar = new TarArchiveInputStream(in)) {
      checkExtensions(in);
      in.seek(0);
      for (int i = 0; ; i++) {
        TarArchiveEntry entry = tar.getNextEntry();
        if (entry == null) {
          break;
        }
        if (i == MAX_MEMBERS) {
          throw new BlockException(Errno.EINVAL, "More than " + MAX_MEMBERS + " files in a tar");
        }
        if (!entry.isFile() || entry.isLink() || !isWanted(entry.getName(), name)) {
          continue;
        }
        if (found != null && name == null) {
          throw new BlockException(
              Errno.EINVAL, "The tar holds several disks: name one as tar:FILE!MEMBER");
        }
        found = member(archive, entry, in.position());
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw new BlockException(Errno.EINVAL, "The tar is malformed").causedBy(e);
    }
    if (found == null) {
      throw new BlockException(
          Errno.ENOENT, name == null ? "The tar holds no disk" : "The tar holds no '" + name + "'");
    }
    return found;
  }

  /** What the library reads whole, names and times, is not to be longer than such are. */
  private static void checkExtensions(ChildInput in) throws IOException {
    byte[] header = new byte[BLOCK];
    long at = 0;
    for (int i = 0; i < 2 * MAX_MEMBERS && in.readNBytes(header, 0, BLOCK) == BLOCK; i++) {
      long size = size(header);
      boolean extension = "xgLK".indexOf(header[TYPE]) >= 0;
      if (size < 0 || (extension && size > MAX_EXTENSION)) {
        throw new IOException("a header of " + size + " bytes");
      }
      at += BLOCK + size;
      if (at < 0 || at > in.length() - BLOCK) {
        return;
      }
      at = (at + BLOCK - 1) & -BLOCK;
      in.seek(at);
    }
  }

  /** Of what follows a header: in octal digits, or as a number of eight bytes. */
  private static long size(byte[] header) {
    if (header[SIZE] < 0) {
      return ByteBuffer.wrap(header).getLong(SIZE + SIZE_LENGTH - Long.BYTES);
    }
    long size = 0;
    for (int i = SIZE; i < SIZE + SIZE_LENGTH; i++) {
      int digit = header[i] - '0';
      size = digit >= 0 && digit < 8 ? size << 3 | digit : size;
    }
    return size;
  }

  private static boolean isWanted(String name, @Nullable String wanted) {
    if (wanted != null) {
      return name.equals(wanted) || name.equals("./" + wanted);
    }
    String lower = name.toLowerCase(Locale.ROOT);
    for (String each : DISKS) {
      if (lower.endsWith(each)) {
        return true;
      }
    }
    return false;
  }

  private static MemberDriver member(Child archive, TarArchiveEntry entry, long start)
      throws BlockException {
    if (entry.isSparse()) {
      throw new BlockException(Errno.EOPNOTSUPP, "The tar holds '" + entry.getName() + "' sparse");
    }
    long size = entry.getSize();
    if (size < 0 || start > archive.length() || size > archive.length() - start) {
      throw new BlockException(Errno.EINVAL, "The tar ends within '" + entry.getName() + "'");
    }
    return new MemberDriver(archive, start, size);
  }
}
