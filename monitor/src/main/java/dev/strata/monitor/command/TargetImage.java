// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonNull;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Printable;
import dev.strata.monitor.commandline.CreationLine;
import org.jspecify.annotations.Nullable;

/**
 * An image that a command names by its file, to have it written: made first, unless there is one.
 *
 * @param format of the image; null to have its first bytes tell
 */
record TargetImage(BlockGraph graph, String file, @Nullable String format) {
  /** What is begun with the image while it has no users yet. */
  @FunctionalInterface
  interface Beginning<T> {
    T begin(BlockNode image) throws BlockException;
  }

  /**
   * Makes it; what the file held before is lost.
   *
   * @param length in bytes
   * @param backing that it is to be an overlay of, or null
   */
  void create(long length, @Nullable BlockNode backing) throws BlockException {
    BlockDriverFactory driver = driver();
    if (!driver.creates()) {
      throw cannotCreate("Format", driver);
    }
    BlockDriverFactory protocol = graph.drivers().protocolOf(file, true);
    if (!protocol.creates()) {
      throw cannotCreate("Protocol", protocol);
    }
    BlockOptions options = BlockOptions.of("size", Long.toString(length));
    if (backing != null) {
      if (driver.createOptions().find("backing_file") == null) {
        throw new BlockException(
            Errno.EINVAL, "Backing file not supported for file format '" + driver.name() + "'");
      }
      options.put("backing_file", backing.filename());
      options.put("backing_fmt", backing.skipFilters().driverName());
    }
    var schema = driver.createOptions().and(protocol.createOptions());
    String line = CreationLine.of(file, driver.name(), schema, options);
    System.out.print(Printable.lines(line)); // not to the client, as with the reference
    System.out.flush();
    graph.create(driver, file, options);
  }

  private BlockDriverFactory driver() throws BlockException {
    BlockDriverFactory driver = format == null ? null : graph.drivers().find(format);
    if (driver == null) {
      throw new BlockException(Errno.EINVAL, "Unknown file format '" + format + "'");
    }
    return driver;
  }

  private static BlockException cannotCreate(String kind, BlockDriverFactory driver) {
    return new BlockException(
        Errno.EINVAL, kind + " driver '" + driver.name() + "' does not support image creation");
  }

  /** Options that open it without the backing file that it names. */
  static BlockOptions withoutBacking() {
    var options = new BlockOptions();
    options.put("backing", JsonNull.NULL);
    return options;
  }

  /**
   * Opens it and begins something with it. It is closed when that does not use it, or when the last
   * user leaves.
   *
   * @param options of the node
   */
  <T> T use(BlockOptions options, NodeFlags flags, Beginning<T> beginning) throws BlockException {
    if (format != null) {
      options.put("driver", format);
    }
    BlockNode image =
        graph.open(OpenRequest.of(file, options, flags.withWritable(true), OpenGate.AS_QEMU));
    image.keep(true); // users may come and go until it is begun
    boolean begun = false;
    try {
      T result = beginning.begin(image);
      begun = true;
      return result;
    } finally {
      image.keep(false);
      if (!begun || (!image.usedByBackend() && !image.usedByNode())) {
        graph.close(image);
      }
    }
  }
}
