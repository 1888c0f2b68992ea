// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The driver {@code file} of a graph whose files are all in memory. Not thread-safe. */
final class MemoryFiles implements BlockDriverFactory {
  private static final Option<String> FILENAME = Option.string("filename", "File name");
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");

  /** Hears what happens to the files, in its order. */
  interface Watcher {
    /** Bytes were written, zeroes too. */
    void written(String name, long offset);

    /** The length was set. */
    void truncated(String name, long length);
  }

  private final Map<String, MemoryFile> files = new TreeMap<>();
  private @Nullable Watcher watcher;

  void watch(Watcher watching) {
    watcher = watching;
  }

  @Nullable Watcher watcher() {
    return watcher;
  }

  void put(String name, byte[] content) {
    files.put(name, new MemoryFile(content));
  }

  MemoryFile get(String name) {
    MemoryFile file = files.get(name);
    if (file == null) {
      throw new IllegalArgumentException("No file " + name);
    }
    return file;
  }

  /** Copies of all files. */
  Map<String, byte[]> contents() {
    var all = new TreeMap<String, byte[]>();
    files.forEach((name, file) -> all.put(name, file.toBytes()));
    return all;
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
    return OptionSchema.of(FILENAME);
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(SIZE);
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(FILENAME.name());
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String filename = options.take(FILENAME, "");
    MemoryFile file = files.get(filename);
    if (file == null) {
      throw BlockException.of(Errno.ENOENT, "Could not open '" + filename + "'");
    }
    return new MemoryDriver(filename, file, this);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    put(context.filename(), new byte[Math.toIntExact(size)]);
  }
}
