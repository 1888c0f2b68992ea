// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.testimages.crash.MemoryFiles;
import java.util.List;

/**
 * The protocol {@code memory:}, a service for those only who look for services through {@link
 * ToolRun}'s class loader. There is one set of files at a time.
 */
public final class MemoryProtocol implements BlockDriverFactory {
  static final String NAME = "memory";

  private static final Option<String> FILENAME = Option.string("filename", "File name");
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static volatile MemoryFiles files = new MemoryFiles();

  /** For the service loader. */
  public MemoryProtocol() {}

  /** From now on names are of those files. */
  static void use(MemoryFiles now) {
    files = now;
  }

  static MemoryFiles files() {
    return files;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public String protocol() {
    return NAME;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(FILENAME);
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(SIZE);
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(FILENAME.name());
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put(FILENAME.name(), ImageName.withoutProtocol(filename, NAME));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String filename = options.take(FILENAME, "");
    return files.open(filename, NAME + ":" + filename);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    files.create(ImageName.withoutProtocol(context.filename(), NAME), options.take(SIZE, 0L));
  }
}
