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
import dev.strata.block.posix.BlockDevice;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.OpenFlags;
import dev.strata.block.posix.Posix;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The driver {@code host_cdrom}: a CD drive, with or without a disc in it. */
public final class HostCdromFactory implements BlockDriverFactory {
  /** More than any other device driver claims. */
  private static final int CERTAIN = 101;

  /** For the service loader. */
  public HostCdromFactory() {}

  @Override
  public String name() {
    return "host_cdrom";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "host_cdrom";
  }

  @Override
  public OptionSchema openOptions() {
    return FileOptions.OPEN;
  }

  @Override
  public List<String> contentOptions() {
    return List.of("filename");
  }

  @Override
  public int probeDevice(String filename) {
    if (!HostDeviceFactory.isBlockDevice(filename)) {
      return 0;
    }
    var path = Path.of(filename);
    if (!Posix.canOpen(path)) {
      return 0;
    }
    int flags = OpenFlags.READ_ONLY | OpenFlags.NON_BLOCKING;
    try (FileDescriptor drive = FileDescriptor.open(path, flags, 0)) {
      return new BlockDevice(drive).isCdDrive() ? CERTAIN : 0;
    } catch (BlockException e) {
      return 0; // the driver that opens it will say what is wrong
    }
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) {
    options.put("filename", ImageName.withoutProtocol(filename, "host_cdrom"));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return HostFile.open(context, options, FileSystems.getDefault(), HostFileKind.CDROM);
  }
}
