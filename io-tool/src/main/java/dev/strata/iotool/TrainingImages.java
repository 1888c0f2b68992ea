// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.option.BlockOptions;

/** The images that the training's command lines work on; the program itself makes none. */
final class TrainingImages {
  private static final long SIZE = 64L << 20;

  private TrainingImages() {}

  /** Makes an image of each format in the current folder. */
  static void create() {
    create("raw", "plain.raw");
    create("qcow2", "base.qcow2");
    create("parallels", "disk.parallels");
  }

  private static void create(String driver, String filename) {
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      var options = new BlockOptions();
      options.put("size", SIZE);
      graph.create(graph.drivers().require(driver), filename, options);
    } catch (BlockException e) {
      // The start is trained all the same, as far as the image's opening.
      System.err.println(e.getMessage());
    }
  }
}
