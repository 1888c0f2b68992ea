// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ExistingDevice;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver {@code iscsi}. Loads nothing else of its package until it is used. */
public final class IscsiFactory implements BlockDriverFactory {
  /** For the service loader. */
  public IscsiFactory() {}

  @Override
  public String name() {
    return "iscsi";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "iscsi";
  }

  @Override
  public boolean answersTo(String prefix) {
    return prefix.equals("iscsi") || prefix.equals("iser");
  }

  @Override
  public OptionSchema openOptions() {
    return IscsiOptions.OPEN;
  }

  @Override
  public OptionSchema createOptions() {
    return ExistingDevice.OPTIONS;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(
        "transport",
        "portal",
        "target",
        "user",
        "password",
        "password-secret",
        "lun",
        "initiator-name",
        "header-digest");
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    IscsiFilename.parse(
        filename,
        System.getenv("LIBISCSI_CHAP_USERNAME"),
        System.getenv("LIBISCSI_CHAP_PASSWORD"),
        options);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return IscsiDriver.open(
        IscsiOptions.take(options, context.objects()), context.flags(), context::warn);
  }

  /** A unit is there or is not; creating an image on it takes away what it looked like. */
  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    ExistingDevice.create(
        name(),
        options,
        () -> {
          var connecting = new BlockOptions();
          parseFilename(context.filename(), connecting);
          return IscsiDriver.open(
              IscsiOptions.take(connecting, context.objects()),
              NodeFlags.READ_ONLY.withWritable(true),
              context::warn);
        });
  }
}
