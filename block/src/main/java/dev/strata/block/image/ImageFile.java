// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.image;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.option.BlockOptions;
import java.util.EnumSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An image by its name, and how it is to be opened or created. Immutable: each method that says
 * more answers another one.
 *
 * @param filename as users write it: a path, {@code protocol:…} or {@code json:{…}}
 * @param format the driver's name, or null to guess it from the first bytes: never do that with a
 *     raw image that somebody else can write
 * @param writable whether it may be written
 * @param gate which files that the image names may be opened; {@link OpenGate#DENY} at first
 * @param options of the drivers, dotted
 * @param drivers that there are
 * @param warnings hears one line of text at a time
 */
public record ImageFile(
    String filename,
    @Nullable String format,
    boolean writable,
    OpenGate gate,
    BlockOptions options,
    DriverRegistry drivers,
    Consumer<String> warnings) {

  /** An image to be read, that leads to no other file, by all drivers that the modules provide. */
  public static ImageFile of(String filename) {
    return new ImageFile(
        filename,
        null,
        false,
        OpenGate.DENY,
        new BlockOptions(),
        DriverRegistry.load(),
        line -> {});
  }

  /**
   * An image to be read, that leads to no other file.
   *
   * @param filename or null if {@code options} say it all
   * @param options of the drivers, dotted, the driver's name too; not changed
   */
  public static ImageFile of(
      @Nullable String filename, BlockOptions options, DriverRegistry drivers) {
    BlockOptions rest = options.copy();
    String driver = filename == null ? null : rest.takeString("driver");
    String name = filename;
    if (name == null) {
      name = "json:" + JsonWriter.compact(rest.toJson());
      rest = new BlockOptions();
    }
    return new ImageFile(name, driver, false, OpenGate.DENY, rest, drivers, line -> {});
  }

  /** Of that format, as {@code qcow2}. */
  public ImageFile format(String name) {
    return new ImageFile(filename, name, writable, gate, options, drivers, warnings);
  }

  /** To be written too. */
  public ImageFile forWriting() {
    return new ImageFile(filename, format, true, gate, options, drivers, warnings);
  }

  /** Which may lead to other files as far as {@code gate} lets it. */
  public ImageFile leadingTo(OpenGate gate) {
    return new ImageFile(filename, format, writable, gate, options, drivers, warnings);
  }

  /** With an option of a driver, as {@code cache.direct} or {@code backing.file.filename}. */
  public ImageFile with(String name, String value) {
    BlockOptions more = options.copy();
    more.put(name, value);
    return new ImageFile(filename, format, writable, gate, more, drivers, warnings);
  }

  /** By those drivers only. */
  public ImageFile by(DriverRegistry drivers) {
    return new ImageFile(filename, format, writable, gate, options, drivers, warnings);
  }

  /** With somebody who hears of what is odd but no failure. */
  public ImageFile warning(Consumer<String> listener) {
    return new ImageFile(filename, format, writable, gate, options, drivers, listener);
  }

  /**
   * Opens it and takes the locks that other programs respect.
   *
   * @throws BlockException if that fails, or if the image leads where {@link #gate} does not
   */
  public DiskImage open() throws BlockException {
    return open(false);
  }

  /**
   * Makes an image of {@code size} bytes, which is open for writing then. What was in the file is
   * lost. {@link #options} are those of creation; a backing file among them is opened only if
   * {@link #gate} lets it.
   *
   * @param size in bytes, not negative
   * @throws BlockException if that fails, or if {@link #format} creates no images
   */
  public DiskImage create(long size) throws BlockException {
    BlockOptions creation = options.copy();
    creation.put("size", size);
    String driver = format == null ? "raw" : format;
    try (var graph = new BlockGraph(drivers, warnings)) {
      graph.create(drivers.require(driver), filename, creation);
    } catch (BlockException e) {
      throw e.during(filename);
    }
    return new ImageFile(filename, driver, true, gate, new BlockOptions(), drivers, warnings)
        .open(true);
  }

  private DiskImage open(boolean created) throws BlockException {
    BlockOptions all = options.copy();
    if (format != null) {
      all.put("driver", format);
    }
    NodeFlags flags = NodeFlags.READ_ONLY.withWritable(writable).withUnmap(writable);
    EnumSet<Permission> needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (writable) {
      needed.add(Permission.WRITE);
      needed.add(Permission.RESIZE);
    }
    var graph = new BlockGraph(drivers, warnings);
    boolean opened = false;
    try {
      BlockNode node = graph.open(OpenRequest.of(filename, all, flags, gate));
      BlockBackend backend =
          graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
      opened = true;
      return new DiskImage(graph, backend, created);
    } catch (BlockException e) {
      throw e.during("Could not open '" + filename + "'");
    } finally {
      if (!opened) {
        graph.close();
      }
    }
  }
}
