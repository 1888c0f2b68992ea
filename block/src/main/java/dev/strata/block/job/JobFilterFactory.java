// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The driver of one job's filter. Users cannot open it themselves: it is no service. */
public final class JobFilterFactory<F extends FilterDriver> implements BlockDriverFactory {
  /** Makes the filter over the children that it asks for. */
  @FunctionalInterface
  public interface Opening<F> {
    /** Makes it, once. */
    F open(OpenContext context) throws BlockException;
  }

  private final String name;
  private final Opening<F> opening;
  private @Nullable F filter;

  /**
   * Of one filter.
   *
   * @param name the driver's, as users see it
   */
  public JobFilterFactory(String name, Opening<F> opening) {
    this.name = name;
    this.opening = opening;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    F opened = opening.open(context);
    filter = opened;
    return opened;
  }

  /** Whether a node is the filter of a job that has to have it where it is. */
  public static boolean isJobs(BlockNode node) {
    return node.factory() instanceof JobFilterFactory;
  }

  /** The one that was opened. */
  public F filter() {
    return Objects.requireNonNull(filter, "the filter has not been opened");
  }
}
