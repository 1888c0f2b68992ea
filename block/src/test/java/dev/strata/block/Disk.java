// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

/** One opened node with a user that may do everything, for tests. */
public final class Disk implements AutoCloseable {
  public static final NodeFlags WRITABLE = NodeFlags.READ_ONLY.withWritable(true).withUnmap(true);

  private final BlockGraph graph;
  private final BlockBackend backend;

  private Disk(BlockGraph graph, BlockBackend backend) {
    this.graph = graph;
    this.backend = backend;
  }

  /** Opens what the options (names and values in turn) describe. */
  public static Disk open(
      List<BlockDriverFactory> drivers, NodeFlags flags, String... namesAndValues)
      throws BlockException {
    var graph = new BlockGraph(new DriverRegistry(drivers), line -> {});
    boolean opened = false;
    try {
      BlockNode node =
          graph.open(
              new OpenRequest(
                  null, BlockOptions.of(namesAndValues), flags, false, true, OpenGate.DENY));
      EnumSet<Permission> needed = EnumSet.of(Permission.CONSISTENT_READ);
      if (flags.writable()) {
        needed.addAll(EnumSet.of(Permission.WRITE, Permission.RESIZE));
      }
      BlockBackend backend =
          graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
      opened = true;
      return new Disk(graph, backend);
    } finally {
      if (!opened) {
        graph.close();
      }
    }
  }

  public BlockGraph graph() {
    return graph;
  }

  public BlockBackend backend() {
    return backend;
  }

  public BlockNode node() {
    return backend.node();
  }

  public byte[] read(long offset, int length) throws BlockException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0x5a);
    backend.read(offset, IoVector.of(bytes), 0);
    return bytes;
  }

  public void write(long offset, int length, int value) throws BlockException {
    backend.write(offset, IoVector.of(filled(length, value)), 0);
  }

  public static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Override
  public void close() throws BlockException {
    graph.close();
  }
}
