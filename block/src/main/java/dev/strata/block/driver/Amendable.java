// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.ProgressListener;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** A format that can change creation options of an existing image. */
public interface Amendable {
  /** The options that can be changed. */
  OptionSchema amendOptions();

  /**
   * Changes what {@code options} name.
   *
   * @param force carry out what could lose data
   */
  void amend(BlockOptions options, boolean force, ProgressListener progress) throws BlockException;
}
