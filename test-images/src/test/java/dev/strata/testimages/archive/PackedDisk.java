// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A disk that programs pack, and what is read of that. */
abstract class PackedDisk {
  static final int SIZE = 3 << 20;

  /** The part of it that is enough where it is read over and over. */
  static final int SMALL = 1 << 19;

  @TempDir Path folder;
  final byte[] disk = new byte[SIZE];

  @BeforeEach
  final void disk() throws IOException {
    var random = new Random(3);
    for (int at = 0; at < SIZE; at += 4096) {
      Arrays.fill(disk, at, at + 2048 + random.nextInt(2048), (byte) random.nextInt());
      disk[at] = (byte) at;
    }
    Files.write(folder.resolve("disk.raw"), disk);
  }

  final void run(String... command) throws IOException, InterruptedException {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin", command[0]))
            || Files.isExecutable(Path.of("/bin", command[0])),
        "no " + command[0]);
    Process process = new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), List.of(command).toString());
  }

  final DiskImage open(String prefix, String name) throws BlockException {
    return ImageFile.of(prefix + ":" + folder.resolve(name)).open();
  }

  static byte[] read(DiskImage disk, long offset, int length) throws BlockException {
    byte[] bytes = new byte[length];
    disk.read(offset, ByteBuffer.wrap(bytes));
    return bytes;
  }

  final void assertReads(String prefix, String name) throws BlockException {
    try (DiskImage image = open(prefix, name)) {
      assertEquals(SIZE, image.length());
      assertArrayEquals(disk, read(image, 0, SIZE));
      assertArrayEquals(Arrays.copyOfRange(disk, 5000, 9000), read(image, 5000, 4000));
    }
  }
}
