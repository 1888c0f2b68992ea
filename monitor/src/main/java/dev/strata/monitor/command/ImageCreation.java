// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.job.Job;
import dev.strata.block.job.JobControl;
import dev.strata.block.job.JobSettings;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The job that creates an image, in a file that there is or in a new one. */
final class ImageCreation extends Job {
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
    super("create", new JobSettings(id, 0, true, false), List.of());
    this.graph = graph;
    this.driver = driver;
    this.file = file;
    this.filename = filename;
    this.options = options;
    expect(1);
  }

  @Override
  public boolean isBlockJob() {
    return false;
  }

  @Override
  protected void run(JobControl control) throws BlockException {
    try {
      if (file == null) {
        graph.create(driver, filename, options);
      } else {
        graph.createIn(driver, graph.require(file), options);
      }
    } finally {
      control.progress(1, 0); // done, well or not
    }
  }
}
