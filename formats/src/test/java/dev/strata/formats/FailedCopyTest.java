// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.ProgressListener;
import dev.strata.block.copy.CopySettings;
import dev.strata.block.copy.ImageCopy;
import dev.strata.block.driver.NodeFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy on several threads says when it fails. */
class FailedCopyTest {
  private static final int CLUSTER = 65536;
  private static final int WORKERS = 8;
  private static final int RUNS = 4000;

  @TempDir Path folder;

  @Test
  void theFirstOfAllPlacesThatFailIsTold() throws IOException {
    byte[] bytes = new byte[64 * CLUSTER];
    Arrays.fill(bytes, (byte) 7);
    Path s = Files.write(folder.resolve("s"), bytes);
    // Nothing compressed can be written to an image with an external data file.
    String data = folder.resolve("d").toString();
    TestDisk.create("qcow2", folder.resolve("t"), "size", "4M", "data_file", data);
    var settings =
        new CopySettings(
            WORKERS, false, 4096, CLUSTER, true, false, -1, false, false, ProgressListener.NONE);
    try (TestDisk source = TestDisk.open(s, NodeFlags.READ_ONLY, "driver", "raw");
        TestDisk target =
            TestDisk.open(
                folder.resolve("t"),
                "driver",
                "qcow2",
                "data-file.driver",
                "file",
                "data-file.filename",
                data)) {
      for (int run = 0; run < RUNS; run++) {
        var copy =
            new ImageCopy(List.of(source.backend()), target.backend(), settings, warning -> {});
        BlockException e = assertThrows(BlockException.class, copy::run);
        assertEquals("error while writing at byte 0: Operation not supported", e.getMessage());
      }
    }
  }
}
