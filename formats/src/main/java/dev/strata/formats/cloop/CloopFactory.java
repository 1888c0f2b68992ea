// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.cloop;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** The cloop driver, which only reads. */
public final class CloopFactory implements BlockDriverFactory {
  private static final int PROBABLE = 2;

  /** For the service loader. */
  public CloopFactory() {}

  @Override
  public String name() {
    return "cloop";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public int probe(byte[] head, String filename) {
    return CloopHeader.isAt(head) ? PROBABLE : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    context.becomeReadOnly();
    return CloopImage.open(context, context.child("file", EdgeRole.IMAGE));
  }
}
