// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import java.util.List;

/** The job that creates an image, in a file that there is or in a new one. */
final class ImageCreation extends ImageJob {
  private static final int SECTOR = 512;
  private static final NodeFlags WRITABLE = NodeFlags.READ_ONLY.withWritable(true);

  /** Where the image is to be. */
  sealed interface Place {}

  /** In a file that is made for it. */
  record NewFile(String filename) implements Place {}

  /** In a node that there is. */
  record Node(String name) implements Place {}

  /** In a node that is opened for it. */
  record Described(BlockOptions options) implements Place {}

  private final BlockGraph graph;
  private final BlockDriverFactory driver;
  private final Place place;
  private final BlockOptions options;

  /**
   * A job that has not begun.
   *
   * @param options of the image
   */
  ImageCreation(
      String id, BlockGraph graph, BlockDriverFactory driver, Place place, BlockOptions options) {
    super("create", id, List.of());
    this.graph = graph;
    this.driver = driver;
    this.place = place;
    this.options = options;
  }

  @Override
  void step() throws BlockException {
    JsonValue size = options.get("size");
    if (driver.name().equals("qcow2")
        && size instanceof JsonNumber number
        && number.bits() % SECTOR != 0) {
      // For those who create images by 'qemu-img' the driver rounds it up.
      throw new BlockException(Errno.EINVAL, "Image size must be a multiple of 512 bytes");
    }
    switch (place) {
      case NewFile(String filename) -> graph.create(driver, filename, options);
      case Node(String name) -> graph.createIn(driver, graph.require(name), options);
      case Described(BlockOptions described) -> {
        BlockNode node =
            graph.open(new OpenRequest(null, described, WRITABLE, true, false, OpenGate.AS_QEMU));
        try {
          graph.createIn(driver, node, options);
        } finally {
          graph.closeUnused(node);
        }
      }
    }
  }
}
