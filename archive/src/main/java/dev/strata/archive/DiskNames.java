// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which file of an archive is wanted. */
final class DiskNames {
  private static final List<String> DISKS =
      List.of(
          ".vmdk", ".qcow2", ".qcow", ".qed", ".vdi", ".vhd", ".vhdx", ".vpc", ".hdd", ".dmg",
          ".img", ".raw", ".iso");

  private DiskNames() {}

  /**
   * Whether the file is the one.
   *
   * @param wanted its name; null for any whose name is a disk's
   */
  static boolean isWanted(String name, @Nullable String wanted) {
    if (wanted != null) {
      return plain(name).equals(plain(wanted));
    }
    String lower = name.toLowerCase(Locale.ROOT);
    return DISKS.stream().anyMatch(lower::endsWith);
  }

  /** A name without the folder that all files of an archive are in. */
  static String plain(String name) {
    return name.startsWith("./") ? name.substring(2) : name;
  }
}
