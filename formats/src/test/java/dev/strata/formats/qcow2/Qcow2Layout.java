// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Layout;

/**
 * The fields of a sound qcow2 image, read from the specification and not by the code under test.
 *
 * @see "QEMU docs/interop/qcow2.txt"
 */
final class Qcow2Layout {
  private static final long OFFSET = 0x00fffffffffffe00L;
  private static final long COMPRESSED = 1L << 62;
  private static final int END = 0;
  private static final int BITMAPS = 0x23852875;

  /** Entries behind the last in use, which are damaged too. */
  private static final int SPARE = 3;

  private final ImageBytes image;
  private final Layout layout = new Layout();
  private final int clusterBits;
  private final long clusterSize;
  private final boolean extendedL2;

  private Qcow2Layout(ImageBytes image) {
    this.image = image;
    this.clusterBits = (int) image.get(20, 4);
    this.clusterSize = 1L << clusterBits;
    this.extendedL2 = image.get(4, 4) >= 3 && (image.get(72, 8) & 16) != 0;
  }

  static Layout of(ImageBytes image) {
    var qcow2 = new Qcow2Layout(image);
    qcow2.header();
    qcow2.mapping("active", image.get(40, 8), image.get(36, 4));
    qcow2.refcounts();
    qcow2.snapshots();
    return qcow2.layout;
  }

  private void header() {
    layout.place(0);
    layout.number("header", "magic", 0, 4);
    layout.number("header", "version", 4, 4);
    layout.pointer("header", "backing_file_offset", 8, 8, -1);
    layout.number("header", "backing_file_size", 16, 4);
    layout.number("header", "cluster_bits", 20, 4);
    layout.number("header", "size", 24, 8);
    layout.number("header", "crypt_method", 32, 4);
    layout.number("header", "l1_size", 36, 4);
    layout.pointer("header", "l1_table_offset", 40, 8, -1);
    layout.pointer("header", "refcount_table_offset", 48, 8, -1);
    layout.number("header", "refcount_table_clusters", 56, 4);
    layout.number("header", "nb_snapshots", 60, 4);
    layout.pointer("header", "snapshots_offset", 64, 8, -1);
    long at = 72;
    if (image.get(4, 4) >= 3) {
      layout.number("features", "incompatible", 72, 8);
      layout.number("features", "compatible", 80, 8);
      layout.number("features", "autoclear", 88, 8);
      layout.number("features", "refcount_order", 96, 4);
      layout.number("features", "header_length", 100, 4);
      layout.number("features", "compression_type", 104, 1);
      at = image.get(100, 4);
    }
    while (true) {
      int type = (int) image.get(at, 4);
      long length = image.get(at + 4, 4);
      layout.number("extension", "type", at, 4);
      layout.number("extension", "length", at + 4, 4);
      if (type == END) {
        break;
      }
      if (type == BITMAPS) {
        bitmaps(at + 8);
      } else {
        layout.bytes("extension", "data", at + 8, Math.min(length, 32));
      }
      at += 8 + ((length + 7) & -8);
    }
    long name = image.get(8, 8);
    if (name != 0) {
      layout.bytes("extension", "backing file name", name, image.get(16, 4));
    }
  }

  private void mapping(String which, long l1Offset, long l1Size) {
    layout.place(l1Offset);
    for (long i = 0; i < l1Size; i++) {
      long at = l1Offset + 8 * i;
      layout.pointer(which + " L1 table", "[" + i + "]", at, 8, OFFSET);
      long l2 = image.get(at, 8) & OFFSET;
      if (l2 != 0) {
        layout.place(l2);
        l2(which + " L2 table", l2);
      }
    }
  }

  private void l2(String structure, long table) {
    int width = extendedL2 ? 16 : 8;
    int spare = 0;
    for (long i = 0; i < clusterSize / width && spare <= SPARE; i++) {
      long at = table + width * i;
      long entry = image.get(at, 8);
      spare = entry == 0 ? spare + 1 : 0;
      layout.pointer(structure, "[" + i + "]", at, 8, OFFSET);
      if (extendedL2) {
        layout.number(structure, "[" + i + "] bitmap", at + 8, 8);
      }
      if ((entry & COMPRESSED) != 0) {
        compressed(at, entry);
      } else if ((entry & OFFSET) != 0) {
        layout.place(entry & OFFSET);
      }
    }
  }

  private void compressed(long at, long entry) {
    int split = 62 - (clusterBits - 8);
    long bits = (1L << split) - 1;
    layout.pointer("compressed", "descriptor", at, 8, bits);
    layout.place(entry & bits & -512);
    layout.bytes("compressed", "data", entry & bits, 24);
  }

  private void refcounts() {
    long table = image.get(48, 8);
    int order = image.get(4, 4) >= 3 ? (int) image.get(96, 4) : 4;
    int width = Math.max(1, (1 << order) / 8);
    layout.place(table);
    int spare = 0;
    for (long i = 0; i < image.get(56, 4) * clusterSize / 8 && spare <= SPARE; i++) {
      long at = table + 8 * i;
      long block = image.get(at, 8) & OFFSET;
      layout.pointer("refcount table", "[" + i + "]", at, 8, OFFSET);
      spare = block == 0 ? spare + 1 : 0;
      if (block != 0) {
        layout.place(block);
        long used = ((image.length() / clusterSize) << order) >> 3;
        for (long j = 0; j < Math.min(clusterSize, used); j += width) {
          layout.number("refcount block", "[" + i + "][" + j / width + "]", block + j, width);
        }
      }
    }
  }

  private void snapshots() {
    long at = image.get(64, 8);
    if (at != 0) {
      layout.place(at);
    }
    for (long i = 0; i < image.get(60, 4); i++) {
      layout.pointer("snapshot table", "l1_table_offset", at, 8, -1);
      layout.number("snapshot table", "l1_size", at + 8, 4);
      layout.number("snapshot table", "id_str_size", at + 12, 2);
      layout.number("snapshot table", "name_size", at + 14, 2);
      layout.number("snapshot table", "date_sec", at + 16, 4);
      layout.number("snapshot table", "date_nsec", at + 20, 4);
      layout.number("snapshot table", "vm_clock_nsec", at + 24, 8);
      layout.number("snapshot table", "vm_state_size", at + 32, 4);
      layout.number("snapshot table", "extra_data_size", at + 36, 4);
      layout.number("snapshot table", "vm_state_size (extra)", at + 40, 8);
      layout.number("snapshot table", "disk_size", at + 48, 8);
      layout.number("snapshot table", "icount", at + 56, 8);
      long extra = image.get(at + 36, 4);
      long names = image.get(at + 12, 2) + image.get(at + 14, 2);
      layout.bytes("snapshot table", "id and name", at + 40 + extra, names);
      mapping("snapshot", image.get(at, 8), image.get(at + 8, 4));
      at += (40 + extra + names + 7) & -8;
    }
  }

  private void bitmaps(long extension) {
    layout.number("bitmaps", "nb_bitmaps", extension, 4);
    layout.number("bitmaps", "reserved", extension + 4, 4);
    layout.number("bitmaps", "bitmap_directory_size", extension + 8, 8);
    layout.pointer("bitmaps", "bitmap_directory_offset", extension + 16, 8, -1);
    long at = image.get(extension + 16, 8);
    layout.place(at);
    for (long i = 0; i < image.get(extension, 4); i++) {
      layout.pointer("bitmap directory", "bitmap_table_offset", at, 8, -1);
      layout.number("bitmap directory", "bitmap_table_size", at + 8, 4);
      layout.number("bitmap directory", "flags", at + 12, 4);
      layout.number("bitmap directory", "type", at + 16, 1);
      layout.number("bitmap directory", "granularity_bits", at + 17, 1);
      layout.number("bitmap directory", "name_size", at + 18, 2);
      layout.number("bitmap directory", "extra_data_size", at + 20, 4);
      layout.bytes("bitmap directory", "name", at + 24, image.get(at + 18, 2));
      long table = image.get(at, 8);
      layout.place(table);
      for (long j = 0; j < image.get(at + 8, 4); j++) {
        layout.pointer("bitmap table", "[" + j + "]", table + 8 * j, 8, OFFSET);
        if ((image.get(table + 8 * j, 8) & OFFSET) != 0) {
          layout.place(image.get(table + 8 * j, 8) & OFFSET);
        }
      }
      at += (24 + image.get(at + 18, 2) + 7) & -8;
    }
  }
}
