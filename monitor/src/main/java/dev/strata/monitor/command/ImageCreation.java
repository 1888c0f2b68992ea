// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The job that creates an image, in a file that there is or in a new one. */
final class ImageCreation extends ImageJob {
  private final BlockGraph graph;
  private final BlockDriverFactory driver;
  private final @Nullable String file;
  private final String filename;
  private final BlockOptions options;

  /**
   * A job that has not begun.
   *
   * @param file the name of the node that the image is to be in; null for a new file
   * @param filename of a new file, else ""
   */
  ImageCreation(
      String id,
      BlockGraph graph,
      BlockDriverFactory driver,
      @Nullable String file,
      String filename,
      BlockOptions options) {
    super("create", id, List.of());
    this.graph = graph;
    this.driver = driver;
    this.file = file;
    this.filename = filename;
    this.options = options;
  }

  @Override
  void step() throws BlockException {
    if (file == null) {
      graph.create(driver, filename, options);
    } else {
      graph.createIn(driver, graph.require(file), options);
    }
  }
}
