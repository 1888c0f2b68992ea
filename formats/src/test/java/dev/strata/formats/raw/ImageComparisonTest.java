// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.ProgressListener;
import dev.strata.block.compare.ImageComparison;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Comparing on several threads: images are large enough for each to have something to do. */
@Timeout(60)
class ImageComparisonTest {
  private static final int MIB = 1 << 20;
  private static final int WORKERS = 4;

  @TempDir Path folder;
  private Path first;
  private Path second;

  @BeforeEach
  void makeImages() throws Exception {
    first = folder.resolve("first");
    second = folder.resolve("second");
    for (Path image : new Path[] {first, second}) {
      try (var file = new RandomAccessFile(image.toFile(), "rw")) {
        var data = new byte[MIB];
        java.util.Arrays.fill(data, (byte) 7);
        for (int i = 0; i < 64; i++) {
          file.write(data);
        }
        file.setLength(80L * MIB);
      }
    }
  }

  private static void poke(Path image, long offset) throws Exception {
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(offset);
      file.write(1);
    }
  }

  private static TestDisk open(Path image, String... options) throws Exception {
    return TestDisk.open(image, NodeFlags.READ_ONLY, options);
  }

  private static ImageComparison comparison(TestDisk one, TestDisk two) {
    return new ImageComparison(one.backend(), two.backend(), false, WORKERS, ProgressListener.NONE);
  }

  @Test
  void imagesThatAreAlike() throws Exception {
    try (TestDisk one = open(first, "driver", "raw");
        TestDisk two = open(second, "driver", "raw")) {
      assertNull(comparison(one, two).common());
      assertNull(comparison(one, two).rest());
    }
  }

  @RepeatedTest(5)
  void ofSeveralDifferencesTheFirstIsFound() throws Exception {
    poke(second, 17 * MIB + 1000);
    poke(second, 17 * MIB + 300 * 1024);
    poke(first, 40 * MIB);
    poke(second, 70L * MIB);
    try (TestDisk one = open(first, "driver", "raw");
        TestDisk two = open(second, "driver", "raw")) {
      assertEquals(new ImageComparison.Content(17 * MIB + 512), comparison(one, two).common());
    }
  }

  @Test
  void whatIsBehindTheShorterImage() throws Exception {
    try (var file = new RandomAccessFile(second.toFile(), "rw")) {
      file.setLength(128L * MIB);
    }
    try (TestDisk one = open(first, "driver", "raw");
        TestDisk two = open(second, "driver", "raw")) {
      ImageComparison comparison = comparison(one, two);
      assertNull(comparison.common());
      assertNull(comparison.rest());
    }
    poke(second, 100L * MIB);
    try (TestDisk one = open(first, "driver", "raw");
        TestDisk two = open(second, "driver", "raw")) {
      ImageComparison comparison = comparison(one, two);
      assertNull(comparison.common());
      assertEquals(new ImageComparison.Content(100L * MIB), comparison.rest());
    }
  }

  @Test
  void anImageThatCannotBeRead() throws Exception {
    Files.writeString(
        folder.resolve("errors"), "[inject-error]\nevent = \"none\"\nsector = \"61440\"\n");
    poke(second, 60L * MIB);
    try (TestDisk one = open(first, "driver", "raw");
        TestDisk two =
            open(second, "driver", "blkdebug", "config", folder.resolve("errors").toString())) {
      var failed = assertInstanceOf(ImageComparison.Failed.class, comparison(one, two).common());
      assertTrue(failed.reading());
      assertEquals(two.backend(), failed.image());
      assertEquals(30L * MIB, failed.offset());
    }
  }
}
