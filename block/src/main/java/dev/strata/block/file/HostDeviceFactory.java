// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionSchema;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver {@code host_device}: a block or character device. */
public final class HostDeviceFactory implements BlockDriverFactory {
  private static final int TYPE_MASK = 0170000; // of st_mode
  private static final int BLOCK_DEVICE = 060000;
  private static final int CHARACTER_DEVICE = 020000;

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
    return FileOptions.OPEN;
  }

  @Override
  public OptionSchema createOptions() {
    return FileOptions.CREATE_DEVICE;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of("filename");
  }

  @Override
  public int probeDevice(String filename) {
    try {
      var path = Path.of(filename);
      // Asked of every image: the attribute that tells the kinds of files apart costs more.
      return Files.readAttributes(path, BasicFileAttributes.class).isOther() && isDevice(path)
          ? 100
          : 0;
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      return 0; // the driver that opens it will say what is wrong
    }
  }

  private static boolean isDevice(Path path) throws IOException {
    int type = type(path);
    return type == BLOCK_DEVICE || type == CHARACTER_DEVICE;
  }

  static boolean isBlockDevice(String filename) {
    try {
      var path = Path.of(filename);
      return Files.readAttributes(path, BasicFileAttributes.class).isOther()
          && type(path) == BLOCK_DEVICE;
    } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static int type(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:mode") & TYPE_MASK;
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put("filename", ImageName.withoutProtocol(filename, "host_device"));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return HostFile.open(context, options, FileSystems.getDefault(), HostFileKind.DEVICE);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    String filename = ImageName.withoutProtocol(context.filename(), "host_device");
    HostFile.createOnDevice(context, filename, options);
  }
}
