// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.formats.TestDisk;
import dev.strata.formats.mutation.Campaign;
import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Seed;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged images of all kinds are answered with errors, and never damaged further. */
final class ParallelsDamageTest {
  private static final int CASES = 20;
  private static final int CLUSTER = 4096;
  private static final int CLUSTERS = 40;

  @TempDir Path folder;

  /** Every third cluster is a hole; the second half was written backwards. */
  private ImageBytes image() throws Exception {
    Path path = Files.createDirectory(folder.resolve("seed")).resolve("disk.parallels");
    TestDisk.create(
        "parallels",
        path,
        "size",
        String.valueOf(CLUSTERS * CLUSTER),
        "cluster_size",
        String.valueOf(CLUSTER));
    try (TestDisk disk = TestDisk.open(path, "driver", "parallels")) {
      byte[] bytes = new byte[CLUSTER];
      for (int i = 0; i < CLUSTERS; i++) {
        int cluster = i < CLUSTERS / 2 ? i : CLUSTERS + CLUSTERS / 2 - i - 1;
        Arrays.fill(bytes, (byte) cluster);
        if (cluster % 3 != 0) {
          disk.write((long) cluster * CLUSTER, bytes);
        }
      }
    }
    return new ImageBytes(Files.readAllBytes(path), ByteOrder.LITTLE_ENDIAN);
  }

  private void run(String name, ImageBytes image) throws Exception {
    var seed =
        new Seed(
            "parallels-" + name,
            "parallels",
            image,
            ParallelsLayout.of(image),
            Map.of(),
            ParallelsSoundness::new);
    new Campaign(seed, Files.createDirectory(folder.resolve("trials"))).run(CASES);
  }

  @Test
  void damageIsAnsweredWithErrorsAndSpreadsNoFurther() throws Exception {
    run("extended", image());
  }

  @Test
  void soItIsWhereTheBlockAllocationTableCountsSectors() throws Exception {
    ImageBytes image = image();
    byte[] magic = "WithoutFreeSpace".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < magic.length; i++) {
      image.put(i, 1, magic[i]);
    }
    for (int i = 0; i < CLUSTERS; i++) {
      image.put(64 + 4 * i, 4, image.get(64 + 4 * i, 4) * CLUSTER / 512);
    }
    run("sectors", image);
  }

  @Test
  void soItIsWithAFormatExtension() throws Exception {
    ImageBytes image = image();
    int end = image.length();
    byte[] bitmap = ParallelsBytes.bitmap(CLUSTERS * CLUSTER / 512, 8, 2, 1, 0);
    byte[] feature = ParallelsBytes.feature(ParallelsBytes.DIRTY_BITMAP, 0, bitmap);
    byte[] extension = ParallelsBytes.extension(feature, CLUSTER);
    image.resize(end + CLUSTER);
    for (int i = 0; i < CLUSTER; i++) {
      image.put(end + i, 1, extension[i]);
    }
    image.put(56, 8, end / 512);
    run("extension", image);
  }
}
