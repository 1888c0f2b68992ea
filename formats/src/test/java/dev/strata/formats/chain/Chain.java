// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Layers of random writes and zeroes, and what each of them reads as. */
final class Chain {
  static final int KIB = 1024;

  private final Path folder;
  private final Random random;

  Chain(Path folder, long seed) {
    this.folder = folder;
    this.random = new Random(seed);
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /**
   * Makes an image with random content.
   *
   * @param size in bytes
   * @param backing the layer below, or ""
   * @param below what that layer reads as
   * @return what the image reads as
   */
  byte[] layer(String name, int size, String backing, byte[] below) throws BlockException {
    if (backing.isEmpty()) {
      TestDisk.create("qcow2", file(name), "size", Integer.toString(size));
    } else {
      TestDisk.create(
          "qcow2",
          file(name),
          "size",
          Integer.toString(size),
          "backing_file",
          backing,
          "backing_fmt",
          "qcow2");
    }
    byte[] content = Arrays.copyOf(below, size);
    try (TestDisk disk = open(name)) {
      for (int i = 0; i < 30; i++) {
        int length = 1 + random.nextInt(200 * KIB);
        int offset = random.nextInt(size - length);
        boolean zeroes = random.nextInt(4) == 0;
        byte[] bytes = new byte[length];
        if (zeroes) {
          disk.backend().writeZeroes(offset, length, 0);
        } else {
          random.nextBytes(bytes);
          disk.write(offset, bytes);
        }
        System.arraycopy(bytes, 0, content, offset, length);
      }
    }
    return content;
  }

  TestDisk open(String name) throws BlockException {
    return TestDisk.open(file(name), "driver", "qcow2");
  }

  /**
   * Opens another layer in a graph, for writing, by the name of its file.
   *
   * @param options over the usual ones: the file may be reached another way
   */
  BlockNode open(TestDisk disk, String name, BlockOptions options) throws BlockException {
    options.putIfAbsent("driver", "qcow2");
    options.putIfAbsent("node-name", name);
    options.putIfAbsent("file.driver", "file");
    if (!options.hasSection("file.image")) {
      options.put("file.filename", file(name).toString());
    }
    BlockNode node =
        disk.graph()
            .open(
                new OpenRequest(
                    null,
                    options,
                    NodeFlags.READ_ONLY.withWritable(true).withUnmap(true),
                    false,
                    false,
                    OpenGate.SAME_FOLDER));
    node.keep(true);
    return node;
  }

  byte[] read(String name) throws BlockException {
    try (TestDisk disk = TestDisk.open(file(name), NodeFlags.READ_ONLY, "driver", "qcow2")) {
      return disk.read(0, (int) disk.backend().length());
    }
  }
}
