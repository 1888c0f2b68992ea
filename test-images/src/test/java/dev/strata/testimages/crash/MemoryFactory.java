// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;

/** A protocol driver whose files are in memory, by name. */
public abstract class MemoryFactory implements BlockDriverFactory {
  protected static final Option<String> FILENAME = Option.string("filename", "File name");
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");

  private final String name;

  /** A driver of that name, which is its prefix, too. */
  protected MemoryFactory(String name) {
    this.name = name;
  }

  /** Opens a file. */
  protected abstract BlockDriver open(String filename) throws BlockException;

  /**
   * Makes a file of zeroes.
   *
   * @param filename as the user gave it
   */
  protected abstract void create(String filename, long size) throws BlockException;

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public final String protocol() {
    return name;
  }

  @Override
  public final OptionSchema openOptions() {
    return OptionSchema.of(FILENAME);
  }

  @Override
  public final OptionSchema createOptions() {
    return OptionSchema.of(SIZE);
  }

  @Override
  public final boolean creates() {
    return true;
  }

  @Override
  public final List<String> contentOptions() {
    return List.of(FILENAME.name());
  }

  @Override
  public final BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return open(options.take(FILENAME, ""));
  }

  @Override
  public final void create(CreateContext context, BlockOptions options) throws BlockException {
    create(context.filename(), options.take(SIZE, 0L));
  }
}
