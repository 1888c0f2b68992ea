// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.throttle;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;

/** The filter {@code throttle}. */
public final class ThrottleFactory implements BlockDriverFactory {
  static final Option<String> GROUP = Option.string("throttle-group", "Name of the throttle group");

  /** For the service loader. */
  public ThrottleFactory() {}

  @Override
  public String name() {
    return "throttle";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(GROUP);
  }

  @Override
  public List<String> contentOptions() {
    return List.of(GROUP.name());
  }

  @Override
  public List<String> resettableOptions() {
    return List.of(GROUP.name());
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child file = context.child("file", EdgeRole.FILTERED);
    String group = options.take(GROUP);
    if (group == null) {
      throw new BlockException(EINVAL, "Please specify a throttle group");
    }
    return new ThrottleDriver(context, file, context.objects().throttleGroup(group));
  }
}
