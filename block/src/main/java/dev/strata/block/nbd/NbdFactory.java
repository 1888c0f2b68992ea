// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

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

/** The driver {@code nbd}. Loads nothing else of its package until it is used. */
public final class NbdFactory implements BlockDriverFactory {
  /** For the service loader. */
  public NbdFactory() {}

  @Override
  public String name() {
    return "nbd";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "nbd";
  }

  @Override
  public boolean answersTo(String prefix) {
    return switch (prefix) {
      case "nbd", "nbd+tcp", "nbd+unix", "nbds", "nbds+tcp", "nbds+unix" -> true;
      default -> false;
    };
  }

  @Override
  public OptionSchema openOptions() {
    return NbdOptions.OPEN;
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
        "path",
        "host",
        "port",
        "export",
        "tls-creds",
        "tls-hostname",
        "tls-certificates",
        "tls-psk-file",
        "tls-username",
        "tls-verify-peer",
        "server.");
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    NbdFilename.parse(filename, options);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return NbdDriver.open(NbdOptions.take(options, context.objects()), context.flags());
  }

  /** An export is there or is not; creating an image on it takes away what it looked like. */
  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    ExistingDevice.create(
        name(),
        options,
        () -> {
          var connecting = new BlockOptions();
          NbdFilename.parse(context.filename(), connecting);
          return NbdDriver.open(
              NbdOptions.take(connecting, context.objects()),
              NodeFlags.READ_ONLY.withWritable(true));
        });
  }
}
