// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Streamable;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionSchema;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.commandline.CreationLine;
import dev.strata.monitor.commandline.Terminal;
import org.jspecify.annotations.Nullable;

/** An image to be created: its options are collected and checked, then it is made. */
final class NewImage {
  private final ImageOpener opener;
  private final BlockGraph graph;
  private final String filename;
  private final BlockDriverFactory driver;
  private final OptionSchema schema;
  private BlockOptions options = new BlockOptions();

  /** An image of that format; whether format and protocol create images is checked. */
  NewImage(ImageOpener opener, String filename, String format) throws BlockException {
    this.opener = opener;
    this.graph = opener.graph();
    this.filename = filename;
    this.driver = format(graph, format);
    if (!driver.creates()) {
      throw new BlockException(
          Errno.EINVAL, "Format driver '" + format + "' does not support image creation");
    }
    BlockDriverFactory protocol = graph.drivers().protocolOf(filename, true);
    if (!protocol.creates()) {
      throw new BlockException(
          Errno.EINVAL,
          "Protocol driver '" + protocol.name() + "' does not support image creation");
    }
    this.schema = driver.createOptions().and(protocol.createOptions());
  }

  private NewImage(ImageOpener opener, BlockDriverFactory driver) {
    this.opener = opener;
    this.graph = opener.graph();
    this.filename = "";
    this.driver = driver;
    this.schema = driver.createOptions();
  }

  /** An image of that format that goes elsewhere than to a file. */
  static NewImage ofNoFile(ImageOpener opener, String format) throws BlockException {
    return new NewImage(opener, format(opener.graph(), format));
  }

  private static BlockDriverFactory format(BlockGraph graph, String name) throws BlockException {
    BlockDriverFactory driver = graph.drivers().find(name);
    if (driver == null) {
      throw new BlockException(Errno.EINVAL, "Unknown file format '" + name + "'");
    }
    return driver;
  }

  /** Lists the creation options of a format, and of the protocol if a file name tells it. */
  static int help(BlockGraph graph, String format, @Nullable String filename, Terminal terminal)
      throws BlockException {
    BlockDriverFactory driver = format(graph, format);
    if (!driver.creates()) {
      throw new BlockException(
          Errno.EINVAL, "Format driver '" + format + "' does not support image creation");
    }
    OptionSchema schema = driver.createOptions();
    if (filename == null) {
      terminal.out().print("Supported " + format + " options:\n" + schema.help());
      terminal
          .out()
          .print(
              "\nThe protocol level may support further options.\n"
                  + "Specify the target filename to include those options.\n");
      return 0;
    }
    BlockDriverFactory protocol = graph.drivers().protocolOf(filename, true);
    if (!protocol.creates()) {
      throw new BlockException(
          Errno.EINVAL,
          "Protocol driver '" + protocol.name() + "' does not support image creation");
    }
    schema = schema.and(protocol.createOptions());
    terminal.out().print("Supported options:\n" + schema.help());
    return 0;
  }

  BlockDriverFactory driver() {
    return driver;
  }

  BlockOptions options() {
    return options;
  }

  OptionSchema schema() {
    return schema;
  }

  /** Takes the argument of {@code -o}. */
  void parse(@Nullable String text) throws BlockException {
    if (text != null) {
      options = OptionString.parseCreation(text);
      try {
        schema.check(options);
      } finally {
        graph.warnOf(options);
      }
    }
  }

  /** Takes the arguments of {@code -b} and {@code -F}. */
  void backing(@Nullable String name, @Nullable String format) throws BlockException {
    if (name != null) {
      if (schema.find("backing_file") == null) {
        throw new BlockException(
            Errno.EINVAL, "Backing file not supported for file format '" + driver.name() + "'");
      }
      options.put("backing_file", name);
    }
    if (format != null) {
      if (schema.find("backing_fmt") == null) {
        throw new BlockException(
            Errno.EINVAL, "Backing format not supported for file format '" + driver.name() + "'");
      }
      options.put("backing_fmt", format);
    }
  }

  /** Takes the size in bytes, if there is one. */
  void size(@Nullable Long size) throws BlockException {
    if (size != null) {
      if (options.has("size")) {
        throw new BlockException(Errno.EINVAL, "The image size must be specified only once");
      }
      options.put("size", size);
    }
  }

  /**
   * Checks the backing file and takes the size from it if none was given.
   *
   * @param unsafe leave the backing file closed
   */
  void findSize(boolean unsafe) throws BlockException {
    String backing = options.string("backing_file");
    String format = options.string("backing_fmt");
    if (backing != null) {
      if (backing.isEmpty()) {
        throw new BlockException(Errno.EINVAL, "Expected backing file name, got empty string");
      }
      if (backing.equals(filename)) {
        throw new BlockException(
            Errno.EINVAL,
            "Error: Trying to create an image with the same filename as the backing file");
      }
    }
    Long size = sizeOption();
    if (backing != null && !unsafe) {
      long length = openBacking(backing, format);
      if (size == null) {
        size = length;
        options.put("size", length);
      }
    } else if (backing != null && format == null) {
      throw new BlockException(Errno.EINVAL, "Backing file specified without backing format");
    }
    if (size == null) {
      throw new BlockException(Errno.EINVAL, "Image creation needs a size parameter");
    }
  }

  private @Nullable Long sizeOption() throws BlockException {
    BlockOptions copy = options.copy();
    return copy.takeSize("size");
  }

  private long openBacking(String backing, @Nullable String format) throws BlockException {
    BlockNode node;
    try {
      String full = ImageName.isJson(backing) ? backing : ImageName.combine(filename, backing);
      var open = new BlockOptions();
      if (format != null) {
        open.put("driver", format);
      }
      open.put("force-share", true); // its size alone is asked for, whoever writes it
      opener.requireHarmless(full, open);
      // Only its size is asked for: an encrypted one needs no key.
      NodeFlags flags = NodeFlags.READ_ONLY.withNoIo(true);
      node = graph.open(OpenRequest.of(full, open, flags, opener.gate()));
    } catch (BlockException e) {
      throw e.withHint("Could not open backing image.");
    }
    try {
      if (format == null) {
        throw new BlockException(Errno.EINVAL, "Backing file specified without backing format")
            .withHint("Detected format of " + node.driverName() + ".");
      }
      return node.length();
    } finally {
      graph.close(node);
    }
  }

  /** The line that tells what is created. */
  String describe() throws BlockException {
    return CreationLine.of(filename, driver.name(), schema, options);
  }

  /** The image to be written from front to back. */
  ImageStream stream(Streamable factory, boolean compressed) throws BlockException {
    return factory.stream(options.copy(), compressed, stamp());
  }

  private static ImageStamp stamp() throws BlockException {
    return SourceDate.isSet() ? ImageStamp.fixed(SourceDate.now()) : ImageStamp.live();
  }

  /** Makes it. */
  void create() throws BlockException {
    try {
      if (SourceDate.isSet()) {
        graph.stamp(stamp());
      }
      graph.create(driver, filename, options.copy());
    } catch (BlockException e) {
      if (e.errno() == Errno.EFBIG) {
        throw new BlockException(
            Errno.EFBIG,
            "The image size is too large for file format '"
                + driver.name()
                + "'"
                + (schema.find("cluster_size") == null
                    ? ""
                    : " (try using a larger cluster size)"));
      }
      throw e;
    }
  }
}
