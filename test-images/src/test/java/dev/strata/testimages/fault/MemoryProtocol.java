// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.testimages.crash.MemoryFactory;
import dev.strata.testimages.crash.MemoryFiles;

/**
 * The protocol {@code memory:}, a service for those only who look for services through {@link
 * ToolRun}'s class loader. There is one set of files at a time.
 */
public final class MemoryProtocol extends MemoryFactory {
  static final String NAME = "memory";

  private static volatile MemoryFiles files = new MemoryFiles();

  /** For the service loader. */
  public MemoryProtocol() {
    super(NAME);
  }

  /** From now on names are of those files. */
  static void use(MemoryFiles now) {
    files = now;
  }

  static MemoryFiles files() {
    return files;
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put(FILENAME.name(), ImageName.withoutProtocol(filename, NAME));
  }

  @Override
  protected BlockDriver open(String filename) throws BlockException {
    return files.open(filename, NAME + ":" + filename);
  }

  @Override
  protected void create(String filename, long size) throws BlockException {
    files.create(ImageName.withoutProtocol(filename, NAME), size);
  }
}
