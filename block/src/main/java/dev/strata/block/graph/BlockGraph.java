// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permissions;
import dev.strata.block.object.NamedThrottleGroup;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.throttle.ThrottleGroup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All nodes that belong together, by name.
 *
 * <pre>{@code
 * try (var graph = new BlockGraph(DriverRegistry.load(), System.err::println)) {
 *   BlockNode node = graph.open(OpenRequest.of("disk.qcow2", new BlockOptions(),
 *       NodeFlags.READ_ONLY, OpenGate.SAME_FOLDER));
 *   try (BlockBackend disk = graph.use(node, "", Permissions.NONE)) {
 *     disk.read(0, IoVector.of(buffer), 0);
 *   }
 * }
 * }</pre>
 *
 * <p>Thread-safe: changes of the structure hold the graph's lock, requests do not.
 */
public final class BlockGraph implements AutoCloseable {
  private static final long IDLE_BUFFER_BYTES = 32 << 20;

  private final DriverRegistry drivers;
  private final ObjectRegistry objects;
  private final Consumer<String> warnings;
  private final BufferPool buffers = new BufferPool(IDLE_BUFFER_BYTES);
  private final Map<String, BlockNode> nodes = new LinkedHashMap<>(); // guarded by this
  private final List<BlockBackend> backends = new ArrayList<>(); // guarded by this
  private final Map<String, ThrottleGroup> throttleGroups =
      new LinkedHashMap<>(); // guarded by this
  private final YieldingUsers yielding = new YieldingUsers(); // guarded by this
  private final NodeOpener opener = new NodeOpener(this);
  private int generated; // guarded by this
  private volatile boolean opensInactive;
  private volatile ImageStamp stamp = ImageStamp.live();
  private volatile Consumer<BlockEvent> listener = event -> {};

  /**
   * A graph without nodes.
   *
   * @param warnings hears one line of text at a time; what starts with {@code warning: } is for the
   *     user to see together with the program's name
   */
  public BlockGraph(DriverRegistry drivers, Consumer<String> warnings) {
    this(drivers, new ObjectRegistry(), warnings);
  }

  /**
   * A graph without nodes, whose options may refer to objects.
   *
   * @param objects stay their owner's, who closes them after the graph
   * @param warnings as above
   */
  public BlockGraph(DriverRegistry drivers, ObjectRegistry objects, Consumer<String> warnings) {
    this.drivers = drivers;
    this.objects = objects;
    this.warnings = warnings;
  }

  /** The drivers that nodes can have. */
  public DriverRegistry drivers() {
    return drivers;
  }

  /** The objects that options refer to by id. */
  public ObjectRegistry objects() {
    return objects;
  }

  /** Buffers for requests. */
  public BufferPool buffers() {
    return buffers;
  }

  /** Times and identifiers for the images that are created and written. */
  public ImageStamp stamp() {
    return stamp;
  }

  /** From now on images get their times and identifiers from there. */
  public void stamp(ImageStamp stamp) {
    this.stamp = stamp;
  }

  /**
   * From now on what befalls nodes is told there.
   *
   * @param listener hears of it in any thread, inside requests and with drivers' locks held: it
   *     does not wait and asks the graph nothing
   */
  public void listener(Consumer<BlockEvent> listener) {
    this.listener = listener;
  }

  void tell(BlockEvent event) {
    listener.accept(event);
  }

  void warn(String line) {
    warnings.accept(line);
  }

  /** Passes on what the conversion of {@code options} gives reason to warn of. */
  public void warnOf(BlockOptions options) {
    for (String warning : options.takeWarnings()) {
      warn("warning: " + warning);
    }
  }

  /**
   * Opens an image with all that it stands on. The node stays until {@link #use} gave it a user and
   * the last user is gone, or until {@link #close(BlockNode)}.
   */
  public synchronized BlockNode open(OpenRequest request) throws BlockException {
    return opener.open(request);
  }

  /**
   * Creates an image.
   *
   * @param options of the driver's creation schema; what it leaves goes to the protocol below
   */
  public void create(BlockDriverFactory driver, String filename, BlockOptions options)
      throws BlockException {
    ImageCreator.create(this, driver, filename, options);
  }

  /**
   * Creates an image in a node that there is: what it holds is lost.
   *
   * @param options of the driver's creation schema
   */
  public void createIn(BlockDriverFactory driver, BlockNode file, BlockOptions options)
      throws BlockException {
    ImageCreator.createIn(this, driver, file, options);
  }

  /** The node of that name, or null. */
  public synchronized @Nullable BlockNode find(String name) {
    return nodes.get(name);
  }

  /** The node of that name. */
  public synchronized BlockNode require(String name) throws BlockException {
    BlockNode node = nodes.get(name);
    if (node == null) {
      throw new BlockException(
          Errno.ENODEV, "Cannot find device='" + name + "' nor node-name='" + name + "'");
    }
    return node;
  }

  /** The same, of a name that can only be a node's. */
  public synchronized BlockNode requireNamed(String name) throws BlockException {
    BlockNode node = nodes.get(name);
    if (node == null) {
      throw new BlockException(Errno.ENODEV, "Cannot find device='' nor node-name='" + name + "'");
    }
    return node;
  }

  /** All users from outside, in the order in which they came. */
  public synchronized List<BlockBackend> backends() {
    return List.copyOf(backends);
  }

  /** All nodes, in the order in which they were opened. */
  public synchronized List<BlockNode> nodes() {
    return List.copyOf(nodes.values());
  }

  /** Becomes a user of a node. */
  public BlockBackend use(BlockNode node, String user, Permissions permissions)
      throws BlockException {
    return use(node, user, null, permissions);
  }

  /** Has a job be a user of a node. */
  public BlockBackend use(BlockNode node, JobPart part, Permissions permissions)
      throws BlockException {
    return use(node, "", part, permissions);
  }

  private synchronized BlockBackend use(
      BlockNode node, String user, @Nullable JobPart part, Permissions permissions)
      throws BlockException {
    BlockNode place = permissions.writes() ? node.entrance() : node;
    var backend = new BlockBackend(this, place, user, part, Permissions.NONE);
    place.users().add(backend);
    try {
      PermissionUpdate.change(place, backend, permissions);
    } catch (BlockException e) {
      place.users().remove(backend);
      throw e;
    }
    backends.add(backend);
    return backend;
  }

  synchronized void refreshPermissions(BlockNode node) throws BlockException {
    PermissionUpdate.refresh(node);
  }

  synchronized void changePermissions(BlockBackend backend, Permissions wanted)
      throws BlockException {
    BlockNode node = backend.node();
    BlockNode place = wanted.writes() ? node.entrance() : node;
    if (place != node) {
      quiesced(List.of(node), () -> UserMove.move(backend, node, place));
    }
    PermissionUpdate.change(place, backend, wanted);
    yielding.remove(backend);
  }

  synchronized void changeGuestPermissions(BlockBackend backend, Permissions wanted)
      throws BlockException {
    if (opensInactive) {
      changePermissions(backend, YieldingUsers.meanwhile(wanted));
      yielding.add(backend, wanted);
    } else {
      changePermissions(backend, wanted);
    }
  }

  /**
   * The guest is here and runs: its devices let others do no more than they can stand.
   *
   * @throws BlockException if others do more; devices that this concerns go on letting them, until
   *     they are asked again
   */
  public synchronized void guestRuns() throws BlockException {
    yielding.settle();
  }

  synchronized void move(BlockBackend backend, BlockNode wanted) throws BlockException {
    BlockNode from = backend.node();
    BlockNode to = backend.permissions().writes() ? wanted.entrance() : wanted;
    if (from == to) {
      return;
    }
    quiesced(List.of(from, to), () -> UserMove.one(backend, to));
    if (from.users().isEmpty() && !from.kept()) {
      close(from);
    }
  }

  synchronized void release(BlockBackend backend) throws BlockException {
    backends.remove(backend);
    yielding.remove(backend);
    BlockNode node = backend.node();
    node.users().remove(backend);
    if (node.users().isEmpty() && !node.kept()) {
      close(node);
    } else {
      PermissionUpdate.refresh(node);
    }
  }

  /**
   * Lets a node be written, or no longer: the files below follow.
   *
   * @throws BlockException if that cannot be; the node then stays as it was
   */
  public synchronized void makeWritable(BlockNode node, boolean writable) throws BlockException {
    reopen(node, node.flags().withWritable(writable), new BlockOptions());
  }

  /**
   * Opens a node in another way without losing it; its files follow where the flags are theirs too.
   *
   * @param options of the driver that change
   * @throws BlockException if that cannot be; all nodes then stay as they were
   */
  public synchronized void reopen(BlockNode node, NodeFlags flags, BlockOptions options)
      throws BlockException {
    reopen(List.of(new NodeChange(node, flags, node.detectZeroes(), options)));
  }

  /**
   * Opens nodes in another way, one after the other.
   *
   * @throws BlockException if one cannot be; all nodes then stay as they were
   */
  public synchronized void reopen(List<NodeChange> changes) throws BlockException {
    var nodes = new ArrayList<BlockNode>();
    for (NodeChange change : changes) {
      nodes.add(change.node());
    }
    quiesced(nodes, () -> Reopening.run(changes));
  }

  /** Whether images are opened that another program still uses. */
  public boolean opensInactive() {
    return opensInactive;
  }

  /** Has images be opened that another program still uses, or no longer. */
  public void opensInactive(boolean inactive) {
    opensInactive = inactive;
  }

  /**
   * Leaves all images to another program: all is written that is to be, and what is written from
   * now on is refused.
   *
   * @throws BlockException if one cannot be left; then none is
   */
  public synchronized void deactivate() throws BlockException {
    List<BlockNode> all = nodes();
    quiesced(all, () -> new Activation(opener).leave(all));
  }

  /**
   * Takes images back that were left to another program, or opened while it had them.
   *
   * @throws BlockException if one cannot be had: because the other program is still there, say
   */
  public synchronized void activate() throws BlockException {
    activate(nodes());
  }

  /** The same of what one node stands on. */
  public synchronized void activate(BlockNode node) throws BlockException {
    activate(List.of(node));
  }

  private void activate(List<BlockNode> some) throws BlockException {
    var activation = new Activation(opener);
    List<BlockNode> inactive = activation.inactive(some);
    if (!inactive.isEmpty()) {
      quiesced(inactive, () -> activation.take(inactive));
    }
  }

  /**
   * Has an edge lead to another node; what it led to stays open.
   *
   * @throws BlockException if that cannot be; it then leads where it led
   */
  public synchronized void moveEdge(Edge edge, BlockNode to) throws BlockException {
    quiesced(
        List.of(edge.parent()),
        () -> {
          UserMove.one(edge, to);
          edge.parent().requests().refresh();
        });
  }

  /**
   * Gives a node another backing file, or none. The image's header is not changed.
   *
   * @throws BlockException if that cannot be; it then has the one it had
   */
  public synchronized void changeBacking(BlockNode node, @Nullable BlockNode backing)
      throws BlockException {
    quiesced(
        List.of(node),
        () -> {
          Edge old = node.backing();
          if (old != null) {
            node.backing(null);
            node.edges().remove(old);
            old.node().users().remove(old);
          }
          try {
            if (backing != null) {
              node.backing(opener.attach(node, backing, "backing", EdgeRole.BACKING));
              node.backingOverridden(!NodeFilename.isNamed(node, backing));
            }
          } catch (BlockException e) {
            if (old != null) {
              old.node().users().add(old);
              node.edges().add(old);
              node.backing(old);
            }
            throw e;
          }
          if (old != null) {
            PermissionUpdate.refresh(old.node());
            closeUnused(old.node());
          }
        });
  }

  /**
   * Gives a node another child, which nobody uses yet.
   *
   * @throws BlockException if that cannot be; all is then as it was
   */
  public synchronized void addChild(BlockNode parent, BlockNode child) throws BlockException {
    ChildChange change = ChildChange.to(parent, "adding");
    String name = change.nameFor(child);
    quiesced(
        List.of(parent), () -> change.added(opener.attach(parent, child, name, EdgeRole.DATA)));
  }

  /**
   * Takes a child from a node.
   *
   * @param name of the edge that leads there
   * @throws BlockException if that cannot be; all is then as it was
   */
  public synchronized void removeChild(BlockNode parent, String name) throws BlockException {
    Edge edge = parent.edge(name);
    if (edge == null) {
      throw new BlockException(
          Errno.ENOENT, "Node '" + parent.name() + "' does not have child '" + name + "'");
    }
    ChildChange change = ChildChange.to(parent, "removing");
    quiesced(List.of(parent), () -> change.remove(edge));
    PermissionUpdate.refresh(edge.node());
    closeUnused(edge.node());
  }

  /**
   * Puts a filter between a node and all its users, which go on through it. From that moment on no
   * request reaches the node but through the filter.
   *
   * @param options of the filter's driver, without the node that it is put over, its {@code file}
   * @throws BlockException if that cannot be; all is then as it was
   */
  public synchronized BlockNode insertFilter(BlockNode node, BlockOptions options)
      throws BlockException {
    options.put("file", node.name());
    BlockNode filter =
        opener.open(new OpenRequest(null, options, node.flags(), true, false, OpenGate.DENY));
    return putOver(node, filter);
  }

  /**
   * The same with a driver that only its user knows.
   *
   * @param options name the filter and its children but for {@code file}
   */
  public synchronized BlockNode insertFilter(
      BlockNode node, BlockDriverFactory driver, BlockOptions options) throws BlockException {
    options.put("file", node.name());
    return putOver(node, opener.open(driver, options, node.flags()));
  }

  private BlockNode putOver(BlockNode node, BlockNode filter) throws BlockException {
    try {
      quiesced(List.of(node), () -> UserMove.run(node, filter));
    } catch (BlockException e) {
      discard(filter);
      throw e;
    }
    filter.keep(true); // whoever uses it may come and go
    return filter;
  }

  /** Takes a filter out again and closes it; its users use the node below directly. */
  public synchronized void removeFilter(BlockNode filter) throws BlockException {
    BlockNode below = filter.edges().getFirst().node();
    quiesced(
        List.of(filter),
        () -> {
          UserMove.run(filter, below);
          close(filter);
        });
  }

  /** The header of the node's image names that backing file now. */
  public void backingNamed(BlockNode node, @Nullable BackingReference reference) {
    node.namedBacking(reference);
  }

  /** A change of the graph's structure or of how a node is open. */
  @FunctionalInterface
  public interface GraphChange {
    /** Carries it out; no request is in flight. */
    void run() throws BlockException;
  }

  /**
   * Stops the requests of all users above the nodes, waits for those in flight, runs {@code
   * change}, lets requests go on. Not from inside a request.
   */
  public synchronized void quiesced(List<BlockNode> nodes, GraphChange change)
      throws BlockException {
    Set<BlockBackend> shut = new LinkedHashSet<>();
    for (BlockNode node : nodes) {
      collectBackends(node, shut);
    }
    var drains = new ArrayList<Drain>(shut.size());
    for (BlockBackend backend : shut) {
      drains.add(backend.drain());
    }
    for (BlockBackend backend : shut) {
      backend.gate().shut();
    }
    try {
      change.run();
    } finally {
      for (BlockBackend backend : shut) {
        backend.gate().open();
      }
      for (Drain drain : drains) {
        drain.close();
      }
    }
  }

  private static void collectBackends(BlockNode node, Set<BlockBackend> found) {
    for (NodeUser user : node.users()) {
      if (user instanceof BlockBackend backend) {
        found.add(backend);
      } else if (user instanceof Edge edge) {
        collectBackends(edge.parent(), found);
      }
    }
  }

  /**
   * The throttle group of that name: a user's object, or one that lasts as long as it has members.
   * The caller holds the graph's lock until it has joined.
   */
  ThrottleGroup throttleGroup(String name) {
    if (objects.find(name) instanceof NamedThrottleGroup named) {
      return named.group();
    }
    throttleGroups.values().removeIf(group -> !group.isUsed());
    ThrottleGroup group = throttleGroups.get(name);
    if (group == null) {
      group = new ThrottleGroup(name);
      throttleGroups.put(name, group);
    }
    return group;
  }

  // For the opener

  BlockNode add(
      @Nullable String name, BlockDriverFactory factory, BlockOptions options, NodeFlags flags)
      throws BlockException {
    if (name == null) {
      String digits = String.valueOf(generated++);
      name = "#block" + "0".repeat(Math.max(0, 3 - digits.length())) + digits;
    } else if (nodes.containsKey(name)) {
      throw new BlockException(Errno.EINVAL, "Duplicate nodes with node-name='" + name + "'");
    }
    var node = new BlockNode(this, name, factory, options, flags);
    nodes.put(name, node);
    return node;
  }

  /** Closes a node that nobody uses; others stay. */
  public synchronized void closeUnused(BlockNode node) {
    if (nodes.get(node.name()) == node && node.users().isEmpty() && !node.named()) {
      discard(node);
    }
  }

  /** Closes a node whose loss is being reported already. */
  void discard(BlockNode node) {
    try {
      close(node);
    } catch (BlockException e) {
      warn(e.getMessage());
    }
  }

  /** Closes a node that has no users, and what is below and used by nobody else. */
  public synchronized void close(BlockNode node) throws BlockException {
    if (nodes.remove(node.name()) == null) {
      return;
    }
    BlockException failure = null;
    if (node.isOpen()) {
      try {
        node.requests().flush();
      } catch (BlockException e) {
        failure = e;
      }
      try {
        node.driver().close();
      } catch (BlockException e) {
        failure = e; // which knows better what could not be written
      }
    }
    for (Edge edge : node.edges()) {
      BlockNode child = edge.node();
      child.users().remove(edge);
      if (child.users().isEmpty() && !child.kept()) {
        try {
          close(child);
        } catch (BlockException e) {
          failure = failure == null ? e : failure;
        }
      } else {
        PermissionUpdate.refresh(child);
      }
    }
    node.edges().clear();
    if (failure != null) {
      throw failure;
    }
  }

  /** Closes all users and nodes; failures are thrown when all is closed. */
  @Override
  public void close() throws BlockException {
    BlockException failure = null;
    List<BlockBackend> open;
    synchronized (this) {
      open = List.copyOf(backends);
    }
    for (BlockBackend backend : open) {
      try {
        backend.close();
      } catch (BlockException e) {
        failure = with(failure, e);
      }
    }
    // Those that were opened last stand on the others.
    for (BlockNode node : nodes().reversed()) {
      synchronized (this) {
        if (node.users().isEmpty()) {
          try {
            close(node);
          } catch (BlockException e) {
            failure = with(failure, e);
          }
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static BlockException with(@Nullable BlockException failure, BlockException next) {
    if (failure == null) {
      return next;
    }
    failure.addSuppressed(next);
    return failure;
  }
}
