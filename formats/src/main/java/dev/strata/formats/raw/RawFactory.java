// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.raw;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.Measurable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.Streamable;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The raw driver. */
public final class RawFactory implements BlockDriverFactory, Measurable, Streamable {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final int SECTOR = 512;

  /** For the service loader. */
  public RawFactory() {}

  @Override
  public String name() {
    return "raw";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public List<String> resettableOptions() {
    return List.of("offset", "size");
  }

  @Override
  public OptionSchema openOptions() {
    return RawWindow.OPTIONS;
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
  public boolean grows() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of("offset", "size");
  }

  /** Whatever no other format claims is raw. */
  @Override
  public int probe(byte[] head, String filename) {
    return 1;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    RawWindow window = RawWindow.WHOLE.changed(options);
    boolean whole = window.isWhole();
    Child file = context.child("file", whole ? EdgeRole.FILTERED : EdgeRole.DATA);
    window.check(file);
    boolean guarded = context.probed() && context.flags().writable();
    if (guarded) {
      context.warn(
          "WARNING: Image format was not specified for '"
              + file.filename()
              + "' and probing guessed raw.");
      context.warn(
          "         Automatically detecting the format is dangerous for raw images, "
              + "write operations on block 0 will be restricted.");
      context.warn("         Specify the 'raw' format explicitly to remove the restrictions.");
    }
    return new RawImage(context, file, window);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    // The file has the size and does the preallocation.
    Long size = options.take(SIZE);
    if (size != null) {
      options.put(SIZE.name(), roundUp(size));
    }
    context.createFile();
  }

  @Override
  public ImageStream stream(BlockOptions options, boolean compressed, ImageStamp stamp)
      throws BlockException {
    return new RawStream(roundUp(options.take(SIZE, 0L)));
  }

  @Override
  public Measurement measure(BlockOptions options, @Nullable Source source) throws BlockException {
    long size = roundUp(options.take(SIZE, 0L));
    if (source != null) {
      size = source.length();
    }
    return new Measurement(size, size, -1);
  }

  /** Whole sectors, as no guest disk ends within one. */
  private static long roundUp(long size) {
    long rounded = (size + SECTOR - 1) & -SECTOR;
    return Long.compareUnsigned(rounded, size) < 0 ? size : rounded;
  }
}
