// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionSchema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver {@code host_device}: a block device. */
public final class HostDeviceFactory implements BlockDriverFactory {
  /** For the service loader. */
  public HostDeviceFactory() {}

  @Override
  public String name() {
    return "host_device";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "host_device";
  }

  @Override
  public OptionSchema openOptions() {
    return new FileFactory().openOptions();
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of();
  }

  @Override
  public List<String> contentOptions() {
    return List.of("filename");
  }

  @Override
  public int probeDevice(String filename) {
    if (!filename.startsWith("/dev/")) {
      return 0;
    }
    var path = Path.of(filename);
    boolean device = Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
    return device ? 100 : 0;
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put("filename", ImageName.withoutProtocol(filename, "host_device"));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return FileFactory.open(context, options, true);
  }
}
