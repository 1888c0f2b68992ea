// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.image.ImageFile;
import dev.strata.block.image.SafetyInspection;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Terminal;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** Opens images as the common options of commands ask for. */
final class ImageOpener {
  private final BlockGraph graph;
  private final ObjectRegistry objects = new ObjectRegistry();
  private final Terminal terminal;
  private @Nullable String format;
  private boolean imageOptions;
  private boolean forceShare;
  private boolean unshared;
  private boolean quiet;
  private boolean untrusted;
  private @Nullable String aio;

  ImageOpener(Terminal terminal) {
    this.terminal = terminal;
    this.graph = new BlockGraph(DriverRegistry.load(), objects, terminal::note);
    graph.listener(terminal::hear);
  }

  /** What {@code --object} defines. */
  ObjectRegistry objects() {
    return objects;
  }

  BlockGraph graph() {
    return graph;
  }

  /** {@code -f}. */
  void format(@Nullable String name) {
    format = name;
  }

  /** {@code --image-opts}. */
  void imageOptions(boolean given) {
    imageOptions = given;
  }

  /** {@code -U}. */
  void forceShare(boolean share) {
    forceShare = share;
  }

  /** Whether images are opened that others may be writing to. */
  boolean sharesByForce() {
    return forceShare;
  }

  /** {@code -i}: how the host is asked for I/O, one of the words of the file driver's option. */
  void aio(String mode) {
    aio = mode;
  }

  /** Nobody else may write what is opened from now on, unless writing is shared by force. */
  void unshared(boolean value) {
    unshared = value;
  }

  /** {@code --untrusted}: images are inspected first, and lead to no other file. */
  void untrusted() {
    untrusted = true;
  }

  /** What names inside images may open. */
  OpenGate gate() {
    return untrusted ? OpenGate.DENY : OpenGate.AS_QEMU;
  }

  /** {@code -q}. */
  void quiet() {
    quiet = true;
  }

  boolean isQuiet() {
    return quiet;
  }

  @Nullable String format() {
    return format;
  }

  /** Throws if the format is given twice: with {@code -f} and in a list of options. */
  void requireOneFormat(Arguments arguments) throws UsageException {
    if (imageOptions && format != null) {
      throw arguments.wrongValue("--image-opts and --format are mutually exclusive");
    }
  }

  boolean hasImageOptions() {
    return imageOptions;
  }

  /** The cache mode of that name. */
  CacheMode cache(Arguments arguments, String name, String kind) throws UsageException {
    CacheMode mode = CacheMode.of(name);
    if (mode == null) {
      throw arguments.wrongValue("Invalid " + kind + "cache option: " + name);
    }
    return mode;
  }

  /** Flags of an open image in that cache mode. */
  static NodeFlags flags(boolean writable, CacheMode cache) {
    return NodeFlags.READ_ONLY
        .withWritable(writable)
        .withUnmap(writable)
        .withCache(cache.direct(), cache.noFlush());
  }

  /** Opens with the format and options given so far. */
  BlockBackend open(String name, NodeFlags flags, CacheMode cache, boolean backing)
      throws BlockException {
    return open(name, format, imageOptions, flags, cache, backing);
  }

  /** Opens an image; failures name it. */
  BlockBackend open(
      String name,
      @Nullable String imageFormat,
      boolean asOptions,
      NodeFlags flags,
      CacheMode cache,
      boolean backing)
      throws BlockException {
    return open(name, imageFormat, asOptions, flags, cache, backing, new BlockOptions());
  }

  /**
   * Opens an image with further options beside its name; failures name it.
   *
   * @param more as the image's driver knows them
   */
  BlockBackend open(
      String name,
      @Nullable String imageFormat,
      boolean asOptions,
      NodeFlags flags,
      CacheMode cache,
      boolean backing,
      BlockOptions more)
      throws BlockException {
    BlockOptions options;
    String filename;
    if (asOptions) {
      options = OptionString.parseImage(name, text -> terminal.error("warning: " + text));
      filename = null;
    } else {
      options = new BlockOptions();
      filename = name;
      if (imageFormat != null) {
        options.put("driver", imageFormat);
      }
    }
    options.putAll("", more);
    shareByForce(options);
    try {
      if (aio != null && !aio.equals("threads")) {
        putAio(filename, options, aio);
      }
      requireHarmless(filename, options);
      var request = new OpenRequest(filename, options, flags, !backing, false, gate());
      BlockNode node = graph.open(request);
      BlockBackend backend;
      try {
        backend = graph.use(node, "", unshared && !forceShare ? alone(flags) : permissions(flags));
      } catch (BlockException e) {
        graph.close(node);
        throw e;
      }
      backend.writeThrough(cache.writeThrough());
      return backend;
    } catch (BlockException e) {
      throw e.during("Could not open '" + name + "'");
    }
  }

  /** Becomes another user of a node that is open. */
  BlockBackend use(BlockNode node, NodeFlags flags) throws BlockException {
    return graph.use(node, "", permissions(flags));
  }

  /** Opens what could be the backing file of {@code image} under that name. */
  BlockBackend openBacking(
      BlockNode image, String name, @Nullable String driver, NodeFlags flags, CacheMode cache)
      throws BlockException {
    var options = new BlockOptions();
    if (driver != null) {
      options.put("driver", driver);
    }
    if (forceShare) {
      options.put("force-share", true);
    }
    String full = image.nameFromHere(name);
    requireHarmless(full, options);
    BlockNode node = graph.open(OpenRequest.of(full, options, flags, gate()));
    BlockBackend backend;
    try {
      backend = use(node, flags);
    } catch (BlockException e) {
      graph.close(node);
      throw e;
    }
    backend.writeThrough(cache.writeThrough());
    return backend;
  }

  /**
   * Inspects an image before it is opened, if its maker is not trusted.
   *
   * @param filename or null if {@code options} say it all
   */
  void requireHarmless(@Nullable String filename, BlockOptions options) throws BlockException {
    if (untrusted) {
      SafetyInspection.of(ImageFile.of(filename, options, graph.drivers())).requireHarmless();
    }
  }

  /** The image that the common options describe, unopened. */
  ImageFile imageFile(String name) throws BlockException {
    BlockOptions options = new BlockOptions();
    if (imageOptions) {
      options = OptionString.parseImage(name, text -> terminal.error("warning: " + text));
    } else if (format != null) {
      options.put("driver", format);
    }
    shareByForce(options);
    return ImageFile.of(imageOptions ? null : name, options, graph.drivers());
  }

  private void shareByForce(BlockOptions options) throws BlockException {
    String given = options.string("force-share");
    if (forceShare && given != null && !given.equals("on")) {
      throw new BlockException(Errno.EINVAL, "--force-share/-U conflicts with image options");
    }
    if (forceShare) {
      options.put("force-share", true);
    }
  }

  /** The option belongs to the file, which is below unless the driver itself is a protocol's. */
  private void putAio(@Nullable String filename, BlockOptions options, String mode)
      throws BlockException {
    String driver = options.string("driver");
    if (driver != null && (driver.equals("file") || driver.equals("host_device"))) {
      options.putIfAbsent("aio", mode);
    } else if (filename == null
        ? options.string("file") == null && usesFile(options)
        : !ImageName.isJson(filename)
            && graph.drivers().protocolOf(filename, true).name().equals("file")) {
      options.putIfAbsent("file.aio", mode);
    }
  }

  private static boolean usesFile(BlockOptions options) {
    String protocol = options.string("file.driver");
    return options.has("file.filename") && (protocol == null || protocol.equals("file"));
  }

  /** What a command does with an image, and lets others do. */
  static Permissions permissions(NodeFlags flags) {
    var needed = EnumSet.noneOf(Permission.class);
    if (!flags.noIo()) {
      needed.add(Permission.CONSISTENT_READ);
    }
    if (flags.writable()) {
      needed.add(Permission.WRITE);
      needed.add(Permission.RESIZE);
    }
    return new Permissions(needed, EnumSet.allOf(Permission.class));
  }

  private static Permissions alone(NodeFlags flags) {
    return new Permissions(
        permissions(flags).needed(),
        EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));
  }

  /** Ends what is open. */
  void close() throws BlockException {
    try {
      graph.close();
    } finally {
      objects.close();
    }
  }
}
