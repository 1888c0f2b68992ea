// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.LayerStatus;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.json.JsonValue;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The graph as one driver sees it. */
final class NodeContext implements OpenContext {
  private final NodeOpener opener;
  private final BlockNode node;
  private final BlockOptions options;
  private final @Nullable BlockNode file;
  private final boolean probed;
  private final OpenGate gate;
  private final int depth;

  /**
   * The context of {@code node}.
   *
   * @param options what the node's options say of children is taken from here
   * @param file the child {@code file} if it is open already, or null
   */
  NodeContext(
      NodeOpener opener,
      BlockNode node,
      BlockOptions options,
      @Nullable BlockNode file,
      boolean probed,
      OpenGate gate,
      int depth) {
    this.opener = opener;
    this.node = node;
    this.options = options;
    this.file = file;
    this.probed = probed;
    this.gate = gate;
    this.depth = depth;
  }

  @Override
  public String nodeName() {
    return node.name();
  }

  @Override
  public NodeFlags flags() {
    return node.driverFlags();
  }

  @Override
  public void becomeReadOnly() throws BlockException {
    NodeFlags wanted = node.flags();
    if (wanted.writable() && !wanted.autoReadOnly()) {
      throw new BlockException(Errno.EACCES, "Image is read-only");
    }
    node.flags(wanted.withWritable(false));
  }

  @Override
  public Child child(String edge, EdgeRole role) throws BlockException {
    Child child = optionalChild(edge, role);
    if (child == null) {
      throw new BlockException(
          Errno.EINVAL, "A block device must be specified for \"" + edge + "\"");
    }
    return child;
  }

  @Override
  public @Nullable Child optionalChild(String edge, EdgeRole role) throws BlockException {
    Edge known = known(edge);
    if (known != null) {
      return known;
    }
    if (edge.equals("file") && file != null) {
      return opener.attach(node, file, edge, role);
    }
    BlockNode child = opener.openChild(node, null, options, edge, role, gate, depth);
    return child == null ? null : opener.attach(node, child, edge, role);
  }

  /** A child that the node has from an earlier opening, or null. */
  private @Nullable Edge known(String edge) {
    return node.isOpen() ? node.edge(edge) : null;
  }

  @Override
  public Child childNamedByUser(String edge, EdgeRole role, @Nullable String filename)
      throws BlockException {
    if (filename == null || known(edge) != null) {
      return child(edge, role);
    }
    BlockNode child = opener.openChild(node, filename, options, edge, role, gate, depth);
    return opener.attach(node, Objects.requireNonNull(child), edge, role);
  }

  @Override
  public Child childNamedByImage(String edge, EdgeRole role, String filename)
      throws BlockException {
    Edge known = known(edge);
    if (known != null) {
      return known;
    }
    gate.check(new OpenGate.Reference(edge, NodeFilename.place(node), filename, null));
    BlockNode child = opener.openChild(node, filename, options, edge, role, gate, depth);
    if (child == null) {
      throw new BlockException(
          Errno.EINVAL, "A block device must be specified for \"" + edge + "\"");
    }
    return opener.attach(node, child, edge, role);
  }

  @Override
  public String besideImage(String filename) throws BlockException {
    if (filename.startsWith("/")) {
      return filename;
    }
    String place = NodeFilename.place(node);
    if (place == null) {
      Edge below = node.edge("file");
      String driver = below == null ? node.driverName() : below.driverName();
      throw new BlockException(
          Errno.EINVAL, "Cannot generate a base directory for " + driver + " nodes");
    }
    return ImageName.folder(place) + filename;
  }

  @Override
  public Child fileNamedByImage(String edge, EdgeRole role, String target) throws BlockException {
    Edge known = known(edge);
    if (known != null) {
      return known;
    }
    String place = NodeFilename.place(node);
    boolean local = place == null || ImageName.protocol(place) == null;
    gate.check(
        new OpenGate.Reference(edge, place, local ? ImageName.ofPath(target) : target, null));
    BlockNode child;
    if (local) {
      options.putIfAbsent(edge + ".driver", JsonValue.of("file"));
      options.putIfAbsent(edge + ".filename", JsonValue.of(target));
      child = opener.openChild(node, null, options, edge, role, gate, depth);
    } else {
      child = opener.openChild(node, target, options, edge, role, gate, depth);
    }
    return opener.attach(node, Objects.requireNonNull(child), edge, role);
  }

  @Override
  public @Nullable Child backing() {
    return node.backing();
  }

  @Override
  public void permissionsChanged() throws BlockException {
    node.graph().refreshPermissions(node);
  }

  @Override
  public boolean isUsed() {
    return !node.users().isEmpty();
  }

  @Override
  public BitmapSet bitmaps() {
    return node.bitmaps();
  }

  @Override
  public LayerStatus layersDownTo(Child child, String nodeName) throws BlockException {
    BlockNode last = node.graph().find(nodeName);
    if (last == null) {
      throw new BlockException(Errno.EINVAL, "Bottom node '" + nodeName + "' not found");
    }
    if (last.kind() == DriverKind.FILTER) {
      throw new BlockException(Errno.EINVAL, "Bottom node '" + nodeName + "' is a filter");
    }
    if (!(child instanceof Edge edge)) {
      throw new IllegalArgumentException("not a child of a node");
    }
    return (offset, length) -> {
      Edge backing = last.backing();
      BlockNode below = backing == null ? null : backing.node();
      return ChainWalk.within(edge.node(), below, StatusDetail.ALLOCATION)
          .at(offset, length)
          .extent();
    };
  }

  @Override
  public DirtyBitmap bitmap(String nodeName, String name) throws BlockException {
    BlockNode holder = node.graph().find(nodeName);
    if (holder == null) {
      throw new BlockException(Errno.EINVAL, "Node '" + nodeName + "' not found");
    }
    DirtyBitmap bitmap = holder.bitmaps().find(name);
    if (bitmap == null) {
      throw new BlockException(Errno.EINVAL, "Dirty bitmap '" + name + "' not found");
    }
    return bitmap;
  }

  @Override
  public ObjectRegistry objects() {
    return node.graph().objects();
  }

  @Override
  public BufferPool buffers() {
    return node.graph().buffers();
  }

  @Override
  public ImageStamp stamp() {
    return node.graph().stamp();
  }

  @Override
  public boolean probed() {
    return probed;
  }

  @Override
  public String probe(byte[] head) throws BlockException {
    return node.graph().drivers().probe(head, node.filename()).name();
  }

  @Override
  public void warn(String line) {
    node.graph().warn(line);
  }

  @Override
  public void tell(BlockEvent event) {
    node.graph().tell(event);
  }
}
