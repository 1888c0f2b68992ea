// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.Arrays;

/** The vhdx driver. */
public final class VhdxFactory implements BlockDriverFactory {
  /** For the service loader. */
  public VhdxFactory() {}

  @Override
  public String name() {
    return "vhdx";
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
  public OptionSchema createOptions() {
    return VhdxCreate.SCHEMA;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    byte[] signature = VhdxImage.SIGNATURE;
    int length = signature.length;
    return head.length >= length && Arrays.equals(head, 0, length, signature, 0, length) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return VhdxImage.open(context, context.child("file", EdgeRole.IMAGE));
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    VhdxCreate.take(options).run(context);
  }
}
