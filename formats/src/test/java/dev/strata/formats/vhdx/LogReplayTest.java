// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image whose writer died between the log and the BAT. */
class LogReplayTest {
  private static final int BAT = 2 << 20;
  private static final int LOG = 1 << 20;

  @TempDir Path folder;
  private Path image;
  private byte[] written;

  @BeforeEach
  void die() throws Exception {
    image = folder.resolve("disk.vhdx");
    written = new byte[4096];
    Arrays.fill(written, (byte) 0x5a);
    TestDisk.create("vhdx", image, "size", "4194304", "block_size", "1048576");
    byte[] bat = new byte[4096];
    System.arraycopy(Files.readAllBytes(image), BAT, bat, 0, bat.length);
    byte[] left;
    try (TestDisk disk = TestDisk.open(image, "driver", "vhdx")) {
      disk.write(2 << 20, written);
      disk.backend().flush();
      left = Files.readAllBytes(image);
    }
    System.arraycopy(bat, 0, left, BAT, bat.length);
    Files.write(image, left);
  }

  @Test
  void isRefusedToWhoMayNotWrite() {
    var e =
        assertThrows(
            BlockException.class,
            () -> TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "vhdx").close());
    assertEquals(
        "VHDX image file '"
            + image
            + "' opened read-only, but contains a log that needs to be replayed",
        e.getMessage().replace("Could not open '" + image + "': ", ""));
    assertEquals("To replay the log, run:\nqemu-img check -r all '" + image + "'", e.hint());
  }

  @Test
  void isAsItWasFlushedOnceItWasOpenedForWriting() throws Exception {
    try (TestDisk disk = TestDisk.open(image, "driver", "vhdx")) {
      assertArrayEquals(written, disk.read(2 << 20, written.length));
    }
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "vhdx")) {
      assertArrayEquals(written, disk.read(2 << 20, written.length));
    }
  }

  @Test
  void anEntryThatWasNotWrittenToItsEndNeverWas() throws Exception {
    byte[] left = Files.readAllBytes(image);
    left[LOG + 8191] ^= 1; // the last byte of the entry
    Files.write(image, left);
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "vhdx")) {
      assertArrayEquals(new byte[4096], disk.read(2 << 20, 4096));
    }
  }
}
