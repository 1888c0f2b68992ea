// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Layout;

/**
 * The fields of a sound Parallels image, read from the specification and not by the code under
 * test.
 *
 * @see "QEMU docs/interop/parallels.txt"
 */
final class ParallelsLayout {
  private static final int SECTOR = 512;

  private ParallelsLayout() {}

  static Layout of(ImageBytes image) {
    var layout = new Layout();
    layout.place(0);
    layout.place(64);
    layout.bytes("magic", "magic", 0, 16);
    layout.number("magic", "version", 16, 4);
    layout.number("header", "heads", 20, 4);
    layout.number("header", "cylinders", 24, 4);
    layout.number("header", "tracks", 28, 4);
    layout.number("header", "nb_bat_entries", 32, 4);
    layout.number("header", "nb_sectors", 36, 8);
    layout.number("header", "in_use", 44, 4);
    layout.place("header", "data_off", 48, 4, SECTOR);
    layout.number("header", "flags", 52, 4);
    layout.place("header", "ext_off", 56, 8, SECTOR);
    long clusterSize = image.get(28, 4) * SECTOR;
    long unit = unit(image);
    for (long i = 0; i < image.get(32, 4); i++) {
      layout.place("BAT", "[" + i + "]", 64 + 4 * i, 4, unit);
      layout.place(image.get(64 + 4 * i, 4) * unit);
    }
    long extension = image.get(56, 8) * SECTOR;
    if (extension != 0) {
      layout.place(extension);
      layout.bytes("extension", "magic and check sum", extension, 24);
      layout.number("feature", "magic", extension + 24, 8);
      layout.number("feature", "flags", extension + 32, 8);
      layout.number("feature", "data_size", extension + 40, 4);
      layout.number("bitmap", "size", extension + 48, 8);
      layout.bytes("bitmap", "id", extension + 56, 16);
      layout.number("bitmap", "granularity", extension + 72, 4);
      layout.number("bitmap", "l1_size", extension + 76, 4);
      layout.place("bitmap", "l1[0]", extension + 80, 8, SECTOR);
      layout.place("bitmap", "l1[1]", extension + 88, 8, SECTOR);
    }
    layout.place(image.length() - clusterSize);
    return layout;
  }

  /** How many bytes a BAT entry counts. */
  static long unit(ImageBytes image) {
    boolean extended = image.get(6, 1) == 'F'; // WithouFreSpacExt, not WithoutFreeSpace
    return extended ? image.get(28, 4) * SECTOR : SECTOR;
  }
}
