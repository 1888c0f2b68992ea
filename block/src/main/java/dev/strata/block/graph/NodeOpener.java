// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Opens a node with all that it needs: finds the driver, opens the file below, guesses the format,
 * opens the backing chain. What was opened is closed again if a later step fails.
 */
final class NodeOpener {
  /**
   * How many layers of an image may lead to files that images name; ends a chain that is a ring.
   * Opening, reading and closing go down the chain by calls: a thread's usual stack of 1 MiB holds
   * those of more than 600 layers.
   */
  static final int MAX_DEPTH = 400;

  private final BlockGraph graph;

  NodeOpener(BlockGraph graph) {
    this.graph = graph;
  }

  /** Opens what a user asks for. */
  BlockNode open(OpenRequest request) throws BlockException {
    return open(
        request.filename(),
        request.options(),
        request.flags(),
        request.protocol(),
        request.noBacking(),
        request.gate(),
        0);
  }

  /** Opens a node of a driver that options do not name; they say what its children are. */
  BlockNode open(BlockDriverFactory factory, BlockOptions options, NodeFlags flags)
      throws BlockException {
    NodeSettings settings = NodeSettings.take(options, flags);
    BlockNode node = graph.add(settings.nodeName(), factory, options.copy(), settings.flags());
    boolean opened = false;
    try {
      openDriver(node, factory, options, null, false, true, OpenGate.DENY, 0);
      opened = true;
      return node;
    } finally {
      if (!opened) {
        graph.discard(node);
      }
    }
  }

  private BlockNode open(
      @Nullable String filename,
      BlockOptions options,
      NodeFlags flags,
      boolean protocolWanted,
      boolean noBacking,
      OpenGate gate,
      int depth)
      throws BlockException {
    if (depth > MAX_DEPTH) {
      throw new BlockException(
          Errno.ELOOP, "More than " + MAX_DEPTH + " images refer to one another");
    }
    if (filename != null && ImageName.isJson(filename)) {
      putAllAbsent(options, ImageName.parseJson(filename));
      filename = null;
    }
    String driverName = options.string("driver");
    BlockDriverFactory named = driverName == null ? null : graph.drivers().require(driverName);
    boolean protocol = named == null ? protocolWanted : takesFilename(named);
    BlockDriverFactory factory = protocol ? fillProtocol(filename, options, named) : named;
    options.remove("driver");
    NodeSettings settings = NodeSettings.take(options, flags);
    if ("".equals(options.string("backing"))) {
      graph.warn("warning: Use of \"backing\": \"\" is deprecated; use \"backing\": null instead");
    }
    BlockNode file = null;
    boolean probed = factory == null;
    if (!protocol) {
      boolean format = factory == null || factory.kind() == DriverKind.FORMAT;
      file =
          openChild(
              settings.flags(), format, filename, options, "file", fileRole(factory), gate, depth);
    }
    if (factory == null) {
      factory = probe(file);
    }
    BlockNode node;
    try {
      node = graph.add(settings.nodeName(), factory, options.copy(), settings.flags());
    } catch (BlockException e) {
      if (file != null) {
        graph.closeUnused(file);
      }
      throw e;
    }
    boolean opened = false;
    try {
      node.detectZeroes(settings.detectZeroes());
      node.keepsWritable(settings.readOnlyGiven());
      openDriver(node, factory, options, file, probed, noBacking, gate, depth);
      opened = true;
      return node;
    } finally {
      if (!opened) {
        graph.discard(node);
        if (file != null) {
          graph.closeUnused(file);
        }
      }
    }
  }

  private static boolean takesFilename(BlockDriverFactory factory) {
    return factory.kind() == DriverKind.PROTOCOL || factory.protocol() != null;
  }

  private static EdgeRole fileRole(@Nullable BlockDriverFactory factory) {
    return factory == null || factory.kind() == DriverKind.FORMAT
        ? EdgeRole.IMAGE
        : EdgeRole.FILTERED;
  }

  private void openDriver(
      BlockNode node,
      BlockDriverFactory factory,
      BlockOptions options,
      @Nullable BlockNode file,
      boolean probed,
      boolean noBacking,
      OpenGate gate,
      int depth)
      throws BlockException {
    var context = new NodeContext(this, node, options, file, probed, gate, depth);
    node.probed(probed);
    BlockDriver driver;
    try {
      driver = factory.open(context, options);
    } finally {
      graph.warnOf(options);
    }
    node.opened(driver);
    PermissionUpdate.refresh(node);
    if (!saysNoBacking(options) && !noBacking) {
      openBacking(node, options, gate, depth);
    }
    if (file != null && file.users().isEmpty()) {
      options.put("file", file.name()); // opened in advance, but the driver has no use for it
    }
    options.rejectUnknown(factory.name(), factory.protocol() != null);
  }

  /**
   * Opens an image once more, over the children that its node has. The driver that it had is the
   * caller's to close; if this fails, the node still has that.
   */
  void openAgain(BlockNode node) throws BlockException {
    BlockOptions options = node.options().copy();
    var context = new NodeContext(this, node, options, null, node.probed(), OpenGate.DENY, 0);
    BlockDriver driver = node.factory().open(context, options);
    boolean taken = false;
    try {
      node.opened(driver);
      taken = true;
    } finally {
      if (!taken) {
        driver.close();
      }
    }
  }

  private BlockDriverFactory fillProtocol(
      @Nullable String filename, BlockOptions options, @Nullable BlockDriverFactory factory)
      throws BlockException {
    boolean parse = false;
    if (filename != null) {
      if (options.has("filename")) {
        throw new BlockException(
            Errno.EINVAL, "Can't specify 'file' and 'filename' options at the same time");
      }
      options.put("filename", filename);
      parse = true;
    }
    String name = options.string("filename");
    if (factory == null) {
      if (name == null) {
        throw new BlockException(Errno.EINVAL, "Must specify either driver or file");
      }
      factory = graph.drivers().protocolOf(name, parse);
    }
    if (parse && name != null) {
      options.remove("filename");
      factory.parseFilename(name, options);
    }
    return factory;
  }

  private static void putAllAbsent(BlockOptions options, BlockOptions more) {
    for (String name : more.names()) {
      JsonValue value = more.get(name);
      if (value != null) {
        options.putIfAbsent(name, value);
      }
    }
  }

  /**
   * Opens a child that a node's options describe; null if they say nothing and there is no name.
   */
  @Nullable BlockNode openChild(
      BlockNode parent,
      @Nullable String filename,
      BlockOptions options,
      String edge,
      EdgeRole role,
      OpenGate gate,
      int depth)
      throws BlockException {
    return openChild(
        parent.flags(),
        parent.kind() == DriverKind.FORMAT,
        filename,
        options,
        edge,
        role,
        gate,
        depth);
  }

  private @Nullable BlockNode openChild(
      NodeFlags parentFlags,
      boolean parentIsFormat,
      @Nullable String filename,
      BlockOptions options,
      String edge,
      EdgeRole role,
      OpenGate gate,
      int depth)
      throws BlockException {
    String reference = options.takeName(edge);
    BlockOptions own = options.section(edge);
    if (reference != null) {
      if (filename != null || !own.isEmpty()) {
        throw new BlockException(
            Errno.EINVAL,
            "Cannot reference an existing block device with additional options or a new filename");
      }
      return graph.require(reference);
    }
    if (filename == null && own.isEmpty()) {
      return null;
    }
    NodeFlags flags = NodeSettings.ofChild(parentFlags, parentIsFormat, role);
    boolean protocol =
        parentIsFormat
            ? role != EdgeRole.BACKING
            : role == EdgeRole.FILTERED || role == EdgeRole.METADATA;
    return open(filename, own, flags, protocol, false, gate, depth + 1);
  }

  /** Makes {@code wanted} a child of {@code node}, with the filters that no write may go around. */
  Edge attach(BlockNode node, BlockNode wanted, String name, EdgeRole role) throws BlockException {
    BlockNode child = role == EdgeRole.BACKING ? wanted : wanted.entrance();
    var edge = new Edge(node, child, name, role);
    node.edges().add(edge);
    child.users().add(edge);
    try {
      PermissionUpdate.refresh(node);
    } catch (BlockException e) {
      node.edges().remove(edge);
      child.users().remove(edge);
      throw e;
    }
    return edge;
  }

  /** Guesses the format; the file is closed again if that fails. */
  private BlockDriverFactory probe(@Nullable BlockNode file) throws BlockException {
    if (file == null) {
      throw new BlockException(Errno.EINVAL, "Must specify either driver or file");
    }
    if (file.length() == 0) {
      return graph.drivers().require("raw");
    }
    boolean found = false;
    try {
      ByteBuffer memory = ByteBuffer.allocateDirect(DriverRegistry.PROBE_BYTES);
      try {
        file.requests().read(0, IoVector.of(memory), 0);
      } catch (BlockException e) {
        throw BlockException.of(e.errno(), "Could not read image for determining its format");
      }
      byte[] head = new byte[DriverRegistry.PROBE_BYTES];
      memory.get(head);
      BlockDriverFactory factory = graph.drivers().probe(head, file.filename());
      found = true;
      return factory;
    } finally {
      if (!found) {
        graph.closeUnused(file);
      }
    }
  }

  /** Takes out an option that keeps the image's backing file from being opened. */
  private static boolean saysNoBacking(BlockOptions options) {
    if (options.get("backing") instanceof JsonNull || "".equals(options.string("backing"))) {
      options.remove("backing");
      return true;
    }
    return false;
  }

  private @Nullable DriverKind kind(@Nullable String driver) throws BlockException {
    return driver == null ? null : graph.drivers().require(driver).kind();
  }

  private void openBacking(BlockNode node, BlockOptions options, OpenGate gate, int depth)
      throws BlockException {
    String reference = options.string("backing");
    BlockOptions own = options.copy().section("backing");
    BackingReference named = node.namedBacking();
    if (reference == null && own.isEmpty() && named == null) {
      return;
    }
    if (!node.supportsBacking()) {
      if (reference == null && own.isEmpty()) {
        return;
      }
      throw new BlockException(Errno.EINVAL, "Driver doesn't support backing files");
    }
    boolean implicit = reference == null && own.isEmpty();
    try {
      String filename = null;
      if (reference == null && !own.has("file.filename") && named != null) {
        filename = NodeFilename.combine(node, named.filename());
        DriverKind kind = own.has("driver") ? null : kind(named.format());
        gate.check(new OpenGate.Reference("backing", NodeFilename.place(node), filename, kind));
      }
      if (reference == null && named != null && named.format() != null && !own.has("driver")) {
        options.put("backing.driver", named.format());
      }
      BlockNode backing =
          openChild(node, filename, options, "backing", EdgeRole.BACKING, gate, depth);
      if (backing != null) {
        try {
          node.backing(attach(node, backing, "backing", EdgeRole.BACKING));
        } catch (BlockException e) {
          graph.closeUnused(backing);
          throw e;
        }
        node.backingOverridden(
            !implicit && (named == null || !backing.filename().equals(named.filename())));
      }
    } catch (BlockException e) {
      throw e.during("Could not open backing file");
    }
  }
}
