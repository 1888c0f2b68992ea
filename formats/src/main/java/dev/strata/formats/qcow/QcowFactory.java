// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptionOptions;
import java.util.List;

/** The qcow driver: version 1 of the format. */
public final class QcowFactory implements BlockDriverFactory {
  private static final OptionSchema OPEN =
      OptionSchema.of(
          Option.string("encrypt.format", "Encryption format, as the image's header has it")
              .suggesting("aes"),
          Option.string(
              EncryptionOptions.KEY_SECRET,
              "ID of the secret that provides the AES encryption key"));

  /** For the service loader. */
  public QcowFactory() {}

  @Override
  public String name() {
    return "qcow";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OPEN;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(EncryptionOptions.KEY_SECRET);
  }

  @Override
  public OptionSchema createOptions() {
    return QcowCreate.SCHEMA;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public boolean compresses() {
    return true;
  }

  @Override
  public boolean supportsBacking() {
    return true;
  }

  @Override
  public int probe(byte[] head, String filename) {
    return QcowHeader.isAt(head) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return QcowImage.open(context, context.child("file", EdgeRole.IMAGE), options);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    QcowCreate.take(options).run(context);
  }
}
