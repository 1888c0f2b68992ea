// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Finds a file in a tar archive: an OVA is one. */
final class TarMembers {
  /** Of an archive that is looked through. */
  private static final int MAX_MEMBERS = 65536;

  private TarMembers() {}

  /**
   * The file of that name.
   *
   * @param name null for the only one whose name is a disk's
   * @param verify whether it is to be what a manifest in the archive says
   */
  static BlockDriver find(Child archive, @Nullable String name, boolean verify)
      throws BlockException {
    TarEntry found = null;
    TarEntry manifest = null;
    try {
      var tar = new TarReader(archive);
      int count = 0;
      for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
        if (count++ == MAX_MEMBERS) {
          throw new BlockException(Errno.EINVAL, "More than " + MAX_MEMBERS + " files in a tar");
        }
        if (isManifest(entry)) {
          manifest = entry;
        }
        if (!DiskNames.isWanted(entry.name(), name)) {
          continue;
        }
        if (found != null && name == null) {
          throw new BlockException(
              Errno.EINVAL, "The tar holds several disks: name one as tar:FILE!MEMBER");
        }
        found = entry;
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EINVAL, "The tar is malformed").causedBy(e);
    }
    if (found == null) {
      throw new BlockException(
          Errno.ENOENT, name == null ? "The tar holds no disk" : "The tar holds no '" + name + "'");
    }
    BlockDriver file = member(archive, found);
    if (verify && manifest != null) {
      manifest(archive, manifest).check(found.name(), file);
    }
    return file;
  }

  private static BlockDriver member(Child archive, TarEntry entry) {
    SparseMap holes = entry.holes();
    return holes == null
        ? new MemberDriver(archive, entry.start(), entry.size())
        : new SparseMember(archive, entry.start(), holes);
  }

  /** Whether the file is that of an appliance's digests, which lies beside its description. */
  private static boolean isManifest(TarEntry entry) {
    String name = DiskNames.plain(entry.name());
    return name.endsWith(".mf") && name.indexOf('/') < 0 && entry.holes() == null;
  }

  private static Manifest manifest(Child archive, TarEntry entry) throws BlockException {
    if (entry.size() > Manifest.MAX_BYTES) {
      throw new BlockException(Errno.EINVAL, "'" + entry.name() + "' is too large for a manifest");
    }
    byte[] bytes = new byte[(int) entry.size()];
    archive.read(entry.start(), bytes, 0);
    return new Manifest(bytes);
  }
}
