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
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver {@code file}: a regular file of a file system that Java knows.
 *
 * <p>On Linux's own file systems it uses the system's calls; on others it has no holes, no locks
 * and no direct I/O.
 */
public final class FileFactory implements BlockDriverFactory {
  private final FileSystem fileSystem;

  /** For the service loader: files of the host. */
  public FileFactory() {
    this(FileSystems.getDefault());
  }

  /** For files of that file system, whose paths are what image names mean. */
  public FileFactory(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  @Override
  public String name() {
    return "file";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "file";
  }

  @Override
  public OptionSchema openOptions() {
    return FileOptions.OPEN;
  }

  @Override
  public OptionSchema createOptions() {
    return FileOptions.CREATE;
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
  public void parseFilename(String filename, BlockOptions options) {
    // Without the protocol that was stripped, what is left must not look as if it had one.
    options.put("filename", ImageName.ofPath(ImageName.withoutProtocol(filename, "file")));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    return HostFile.open(context, options, fileSystem, HostFileKind.FILE);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    String filename = ImageName.withoutProtocol(context.filename(), "file");
    HostFile.create(context, filename, options, fileSystem);
  }
}
