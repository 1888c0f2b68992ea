// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.EdgeRole;
import dev.strata.block.Limits;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.RemovableMedium;
import dev.strata.block.option.BlockOptions;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A node of the graph: an opened driver with a name, its children and its users.
 *
 * <p>Thread-safe for questions; the structure changes under the graph's lock only.
 */
public final class BlockNode {
  private final BlockGraph graph;
  private final String name;
  private final BlockDriverFactory factory;
  private final List<Edge> edges = new CopyOnWriteArrayList<>();
  private final List<NodeUser> users = new CopyOnWriteArrayList<>();
  private final BitmapSet bitmaps = new BitmapSet();
  private final BlockOptions options;
  private volatile NodeFlags flags;
  private volatile DetectZeroes detectZeroes = DetectZeroes.OFF;
  private volatile boolean copyOnRead;
  private volatile boolean keepsWritable;
  private volatile @Nullable BlockDriver driver; // set once the driver has opened
  private volatile @Nullable NodeRequests requests;
  private volatile @Nullable Edge backing;
  private @Nullable BackingReference namedBacking;
  private boolean backingOverridden;
  private boolean probed;
  private boolean temporary;
  private volatile boolean kept;
  private volatile boolean implicit;

  BlockNode(
      BlockGraph graph,
      String name,
      BlockDriverFactory factory,
      BlockOptions options,
      NodeFlags flags) {
    this.graph = graph;
    this.name = name;
    this.factory = factory;
    this.options = options;
    this.flags = flags;
  }

  void opened(BlockDriver driver) throws BlockException {
    var fresh = new NodeRequests(this, driver, graph.buffers(), requests);
    this.driver = driver;
    this.namedBacking = driver.backing();
    this.requests = fresh;
  }

  /** The name; generated, with a {@code #} in front, unless the user gave one. */
  public String name() {
    return name;
  }

  /** Whether the user gave the name. */
  public boolean named() {
    return !name.startsWith("#");
  }

  /** The driver's name: {@code qcow2}, {@code file}. */
  public String driverName() {
    return factory.name();
  }

  /** Where in the graph it stands. */
  public DriverKind kind() {
    return factory.kind();
  }

  /** The driver's factory. */
  public BlockDriverFactory factory() {
    return factory;
  }

  /** How it is opened now. */
  public NodeFlags flags() {
    return flags;
  }

  void flags(NodeFlags flags) {
    this.flags = flags;
  }

  /** How its driver is opened now. */
  NodeFlags driverFlags() {
    return kind() == DriverKind.FORMAT ? flags.ofFormat() : flags;
  }

  /** The driver, once it is open. */
  BlockDriver driver() {
    return Objects.requireNonNull(driver, "the driver is being opened");
  }

  boolean isOpen() {
    return requests != null;
  }

  NodeRequests requests() {
    return Objects.requireNonNull(requests, "the driver is being opened");
  }

  /** The children, in the order in which the driver opened them, the backing file last. */
  public List<Edge> edges() {
    return edges;
  }

  /** Who uses this node. */
  List<NodeUser> users() {
    return users;
  }

  /** The dirty bitmaps. */
  public BitmapSet bitmaps() {
    return bitmaps;
  }

  /** The child of that name, or null. */
  public @Nullable Edge edge(String edgeName) {
    for (Edge edge : edges) {
      if (edge.name().equals(edgeName)) {
        return edge;
      }
    }
    return null;
  }

  /** The backing child, or null. */
  public @Nullable Edge backing() {
    return backing;
  }

  void backing(@Nullable Edge edge) {
    backing = edge;
  }

  /** The backing file that the image names, whether it is open or not; null if it names none. */
  public @Nullable BackingReference namedBacking() {
    return namedBacking;
  }

  void namedBacking(@Nullable BackingReference reference) {
    namedBacking = reference;
  }

  /** Whether the user chose another backing file than the image names. */
  boolean backingOverridden() {
    return backingOverridden;
  }

  void backingOverridden(boolean overridden) {
    backingOverridden = overridden;
  }

  /** Whether nobody named its driver. */
  boolean probed() {
    return probed;
  }

  void probed(boolean value) {
    probed = value;
  }

  /** Whether its images have backing files. */
  public boolean supportsBacking() {
    return factory.supportsBacking();
  }

  /** What becomes of writes of zeroes. */
  public DetectZeroes detectZeroes() {
    return detectZeroes;
  }

  void detectZeroes(DetectZeroes value) {
    detectZeroes = value;
  }

  /** Whether it stays writable or read-only when what is above it changes. */
  boolean keepsWritable() {
    return keepsWritable;
  }

  void keepsWritable(boolean keeps) {
    keepsWritable = keeps;
  }

  /** Whether reads copy what they take from the backing file. */
  public boolean copyOnRead() {
    return copyOnRead;
  }

  /** Has reads copy what they take from the backing file, or not. */
  public void copyOnRead(boolean value) throws BlockException {
    copyOnRead = value;
    NodeRequests open = requests;
    if (open != null) {
      open.refresh();
    }
  }

  /** The driver's own options that it was opened with. */
  BlockOptions options() {
    return options;
  }

  /** Whether the graph made the file for itself and nobody else knows it. */
  boolean temporary() {
    return temporary;
  }

  void temporary(boolean value) {
    temporary = value;
  }

  /** Whether it stays when its last user leaves, until somebody closes it. */
  public boolean kept() {
    return kept;
  }

  /** Has it stay when its last user leaves, or not. */
  public void keep(boolean value) {
    kept = value;
  }

  /** The name of the drive that it is the medium of, or else its own. */
  public String deviceOrName() {
    for (NodeUser user : users) {
      if (user instanceof BlockBackend backend && !backend.user().isEmpty()) {
        return backend.user();
      }
    }
    return name();
  }

  /** Whether a backend uses it: a server, a job at an end of a chain. */
  public boolean usedByBackend() {
    for (NodeUser user : users) {
      if (user instanceof BlockBackend backend && !backend.isPartOfJob()) {
        return true;
      }
    }
    return false;
  }

  /** Whether it is part of another node. */
  public boolean usedByNode() {
    for (NodeUser user : users) {
      if (user instanceof Edge) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of its users takes what it reads for a disk's content. */
  public boolean isRead() {
    return PermissionUpdate.ofAllUsers(this).needed().contains(Permission.CONSISTENT_READ);
  }

  /** Whether it is that node, or reads from it through any number of others. */
  public boolean standsOn(BlockNode node) {
    if (this == node) {
      return true;
    }
    for (Edge edge : edges) {
      if (edge.node().standsOn(node)) {
        return true;
      }
    }
    return false;
  }

  /** Where a writer begins: at the filters over this node that must not miss what is written. */
  BlockNode entrance() {
    BlockNode entrance = this;
    for (BlockNode over = this; over != null; over = over.watcher()) {
      entrance = over;
    }
    return entrance;
  }

  private @Nullable BlockNode watcher() {
    for (NodeUser user : users) {
      if (user instanceof Edge edge
          && edge.role() == EdgeRole.FILTERED
          && edge.parent().isOpen()
          && edge.parent().driver() instanceof FilterDriver filter
          && filter.seesAllWrites()) {
        return edge.parent();
      }
    }
    return null;
  }

  /** An image whose backing file it is, or null. */
  public @Nullable BlockNode overlay() {
    for (NodeUser user : users) {
      if (user instanceof Edge edge && edge.parent().backing() == edge) {
        return edge.parent();
      }
    }
    return null;
  }

  /** A name that opens the same content: a plain file name, or a {@code json:} name. */
  public String filename() {
    return NodeFilename.of(this);
  }

  /** The plain file name that opens the same content, or null if it takes more than that. */
  public @Nullable String exactFilename() {
    return NodeFilename.exact(this);
  }

  /** The name of the backing file as the image gives it, combined with the image's folder. */
  public @Nullable String fullBackingFilename() throws BlockException {
    BackingReference named = namedBacking;
    return named == null ? null : NodeFilename.combine(this, named.filename());
  }

  /** The name of the file that this image would mean by {@code name}, relative to its folder. */
  public String nameFromHere(String name) throws BlockException {
    return NodeFilename.combine(this, name);
  }

  /** What the driver can do beyond reading and writing; filters are looked through. */
  public <C> Optional<C> capability(Class<C> type) {
    return driver().capability(type);
  }

  /** Whether a file of this driver that has just been created reads as zeroes. */
  public boolean readsZeroAfterCreate() {
    return driver().readsZeroAfterCreate();
  }

  /** Whether this node or one below it {@link BlockDriver#waitsForPeer}. */
  public boolean waitsForPeer() {
    var seen = new HashSet<BlockNode>(List.of(this));
    for (var left = new ArrayDeque<>(seen); !left.isEmpty(); ) {
      BlockNode node = left.remove();
      if (node.driver().waitsForPeer()) {
        return true;
      }
      for (Edge edge : node.edges()) {
        if (seen.add(edge.node())) {
          left.add(edge.node());
        }
      }
    }
    return false;
  }

  /**
   * The node that says what clusters this one has, itself or one below whose data it only passes
   * on; null if it cannot be told.
   */
  public @Nullable BlockNode clusterHolder() {
    BlockNode node = this;
    while (node.driver().passesStatusOn() && !node.edges.isEmpty()) {
      node = node.edges.get(0).node();
    }
    return node.driver().tellsOfClusters() ? node : null;
  }

  /** Whether there is a medium in every drive that it stands on; requests fail without. */
  public boolean hasMedium() {
    if (driver() instanceof RemovableMedium drive) {
      return drive.hasMedium();
    }
    for (Edge edge : edges) {
      if (edge != backing && !edge.node().hasMedium()) {
        return false;
      }
    }
    return true;
  }

  /** The size as a guest sees it, in bytes. */
  public long length() {
    return requests().length();
  }

  /** How far it has been written since it was opened, in bytes from the start. */
  public long highestWrite() {
    return requests().highestWrite();
  }

  /** Up to where it may be written without the graph's owner hearing of it, in bytes; 0 for all. */
  public long writeThreshold() {
    return requests().threshold();
  }

  /**
   * Has the graph's owner hear, once, of a write that goes further.
   *
   * @param bytes from the start, unsigned; 0 for no threshold
   */
  public void writeThreshold(long bytes) {
    requests().threshold(bytes);
  }

  /** The requests that it takes without padding them, and the flags that it knows. */
  public Limits limits() {
    return requests().limits();
  }

  /** The bytes occupied on the host, backing files aside; -1 if unknown. */
  public long allocatedSize() throws BlockException {
    long own = driver().allocatedSize();
    if (own >= 0) {
      return own;
    }
    if (own == BlockDriver.UNKNOWN_SIZE) {
      return -1;
    }
    if (factory.kind() == DriverKind.FILTER && !edges.isEmpty()) {
      return edges.get(0).node().allocatedSize();
    }
    long sum = -1;
    for (Edge edge : edges) {
      if (edge != backing) {
        long part = edge.node().allocatedSize();
        if (part < 0) {
          return -1;
        }
        sum = Math.max(sum, 0) + part;
      }
    }
    return sum;
  }

  /** Says that whoever asks for a drive's node is told of the one below. */
  public void makeImplicit() {
    implicit = true;
  }

  /** The node that its users know: not a filter that a job has put in without a name. */
  public BlockNode skipImplicit() {
    BlockNode node = this;
    while (node.implicit) {
      node = node.edges.get(0).node();
    }
    return node;
  }

  /** The node whose content a filter passes on; the node itself if it is no filter. */
  public BlockNode skipFilters() {
    BlockNode node = this;
    while (node.kind() == DriverKind.FILTER && !node.edges.isEmpty()) {
      node = node.edges.get(0).node();
    }
    return node;
  }

  /** The graph it belongs to. */
  public BlockGraph graph() {
    return graph;
  }

  @Override
  public String toString() {
    return driverName() + " node '" + name + "'";
  }
}
