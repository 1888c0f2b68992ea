// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job.mirror;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The filter of one mirror. Users cannot open it themselves: it is no service. */
final class MirrorFactory implements BlockDriverFactory {
  private final long granularity;
  private final boolean commit;
  private final MirrorFilter.Mode mode;
  private @Nullable MirrorFilter filter;

  /**
   * Of one filter.
   *
   * @param granularity of what is remembered of writes, in bytes, a power of two
   * @param commit whether the target is a layer of the source
   * @param mode what writers do at first
   */
  MirrorFactory(long granularity, boolean commit, MirrorFilter.Mode mode) {
    this.granularity = granularity;
    this.commit = commit;
    this.mode = mode;
  }

  @Override
  public String name() {
    return commit ? "commit_top" : "mirror_top";
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
    Child file = context.child("file", EdgeRole.FILTERED);
    Child target = context.child("target", EdgeRole.DATA);
    var dirty = new DirtyBitmap("mirror", granularity, file.length());
    filter = new MirrorFilter(file, target, dirty, context.buffers(), commit, mode);
    return filter;
  }

  /** The one that was opened. */
  MirrorFilter filter() {
    return Objects.requireNonNull(filter, "the filter has not been opened");
  }
}
