// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qed;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;

/** The qed driver. */
public final class QedFactory implements BlockDriverFactory {
  /** For the service loader. */
  public QedFactory() {}

  @Override
  public String name() {
    return "qed";
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
    return QedCreate.SCHEMA;
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
  public boolean supportsBacking() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    return QedHeader.isAt(head) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return QedImage.open(context, context.child("file", EdgeRole.IMAGE));
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    QedCreate.take(options).run(context);
  }
}
