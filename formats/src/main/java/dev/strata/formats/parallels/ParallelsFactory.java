// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.parallels;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.Inspectable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.function.Consumer;

/** The parallels driver. */
public final class ParallelsFactory implements BlockDriverFactory, Inspectable {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<Long> CLUSTER_SIZE =
      Option.size("cluster_size", "Parallels image cluster size").orElse(1L << 20);

  /** For the service loader. */
  public ParallelsFactory() {}

  @Override
  public String name() {
    return "parallels";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return GrowthOptions.SCHEMA;
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(SIZE, CLUSTER_SIZE);
  }

  @Override
  public boolean creates() {
    return true;
  }

  /** The image names none, but the user may put one below it. */
  @Override
  public boolean supportsBacking() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    return ParallelsHeader.isAt(head) && ParallelsHeader.isVersionKnown(head) ? 100 : 0;
  }

  @Override
  public void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException {
    byte[] head = new byte[ParallelsHeader.BYTES];
    file.read(0, head, 0);
    ParallelsHeader.decode(head).inspect(file.length(), found);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    GrowthOptions growth = GrowthOptions.DEFAULT.changed(options);
    return ParallelsImage.open(context, context.child("file", EdgeRole.IMAGE), growth);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    long clusterSize = options.take(CLUSTER_SIZE, 1L << 20);
    // Before there is a file that would be left empty.
    ParallelsHeader header = ParallelsHeader.create(size, clusterSize);
    Child file = context.createFile();
    byte[] sector = new byte[ParallelsHeader.SECTOR];
    header.encode(sector);
    file.write(0, sector, 0);
    long rest = header.dataStart() - ParallelsHeader.SECTOR;
    if (rest > 0) {
      file.writeZeroes(ParallelsHeader.SECTOR, rest, 0);
    }
  }
}
