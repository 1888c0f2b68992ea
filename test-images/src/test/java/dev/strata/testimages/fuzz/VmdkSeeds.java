// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.option.BlockOptions;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sound VMware disks, and extents that others than we make. */
final class VmdkSeeds {
  private static final int SECTOR = 512;

  private VmdkSeeds() {}

  static List<byte[]> all() {
    return List.of(
        image(),
        image("zeroed_grain", "on"),
        image("subformat", "streamOptimized"),
        withFooter(image("subformat", "streamOptimized")));
  }

  private static byte[] image(String... options) {
    int grain = 65536;
    var creation = new ArrayList<>(List.of(options));
    creation.addAll(List.of("size", String.valueOf(8 * grain)));
    var disk = new Disk();
    OneFolder folder = disk.folder(true);
    try {
      try (BlockGraph graph = Disk.graph(folder)) {
        graph.create(
            graph.drivers().require("vmdk"),
            Disk.IMAGE,
            BlockOptions.of(creation.toArray(String[]::new)));
      }
      disk.use(
          true,
          true,
          BlockOptions.of("driver", "vmdk"),
          backend -> {
            backend.write(0, IoVector.of(Seeds.filled(grain, 1)), 0);
            backend.write(5L * grain, IoVector.of(Seeds.filled(grain, 2)), 0);
            if (creation.contains("zeroed_grain")) {
              backend.writeZeroes(2L * grain, grain, 0);
            }
          });
    } catch (BlockException e) {
      throw new UncheckedIOException(e);
    }
    return folder.content(Disk.IMAGE);
  }

  /** As streams have it: the header does not know where the directory is, the footer does. */
  private static byte[] withFooter(byte[] image) {
    int at = (image.length + SECTOR - 1) / SECTOR * SECTOR;
    byte[] longer = Arrays.copyOf(image, at + 3 * SECTOR);
    System.arraycopy(image, 0, longer, at + SECTOR, SECTOR);
    ByteBuffer bytes = ByteBuffer.wrap(longer).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(at + 12, 3); // a footer follows
    bytes.putLong(56, -1);
    return longer;
  }

  /** A descriptor with those lines for its extents. */
  static String descriptor(String type, String... extents) {
    return "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\""
        + type
        + "\"\n# Extent description\n"
        + String.join("\n", extents)
        + "\n";
  }

  /** An ESX server's sparse extent of 64 sectors in grains of one, the first in use. */
  static byte[] cowd() {
    var image = new byte[40 * SECTOR];
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    out.put("COWD".getBytes(StandardCharsets.US_ASCII)).putInt(1).putInt(3);
    out.putInt(64).putInt(1).putInt(4).putInt(1).putInt(40);
    out.putInt(4 * SECTOR, 5).putInt(5 * SECTOR, 39);
    Arrays.fill(image, 39 * SECTOR, 40 * SECTOR, (byte) 7);
    return image;
  }

  /** A space-efficient sparse extent of 4 MiB: grains in use, of zeroes, unmapped, of none. */
  static byte[] seSparse() {
    var image = new byte[256 * SECTOR + 2 * 4096];
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(0xcafebabeL).putLong(0x200000001L).putLong(8192).putLong(8).putLong(64);
    out.putLong(80, 1).putLong(128, 8).putLong(136, 8).putLong(144, 64).putLong(192, 256);
    out.putLong(SECTOR, 0xcafecafeL).putLong(8 * SECTOR, 1L << 60);
    out.position(64 * SECTOR).putLong(3L << 60).putLong(2L << 60).putLong(1L << 60).putLong(0);
    out.putLong(3L << 60 | 1L << 48);
    Arrays.fill(image, 256 * SECTOR, 256 * SECTOR + 4096, (byte) 9);
    Arrays.fill(image, 256 * SECTOR + 4096, image.length, (byte) 10);
    return image;
  }
}
