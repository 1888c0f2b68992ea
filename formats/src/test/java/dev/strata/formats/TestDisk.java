// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image opened by itself through the graph, and what the graph warned of meanwhile. */
public final class TestDisk implements AutoCloseable {
  private final BlockGraph graph;
  private final List<String> warnings;
  private final BlockNode node;
  private final BlockBackend backend;

  private TestDisk(BlockGraph graph, List<String> warnings, BlockNode node, BlockBackend backend) {
    this.graph = graph;
    this.warnings = warnings;
    this.node = node;
    this.backend = backend;
  }

  /** Opens an image for writing; names and values of options in turn. */
  public static TestDisk open(Path image, String... options) throws BlockException {
    return open(image, NodeFlags.READ_ONLY.withWritable(true).withUnmap(true), options);
  }

  /** Opens an image; names and values of options in turn. */
  public static TestDisk open(Path image, NodeFlags flags, String... options)
      throws BlockException {
    return open(image.toString(), flags, options);
  }

  /** Opens for writing what the options alone describe; their names and values in turn. */
  public static TestDisk ofOptions(String... options) throws BlockException {
    return open((String) null, NodeFlags.READ_ONLY.withWritable(true).withUnmap(true), options);
  }

  private static TestDisk open(@Nullable String image, NodeFlags flags, String... options)
      throws BlockException {
    var warnings = new ArrayList<String>();
    var graph = new BlockGraph(DriverRegistry.load(), warnings::add);
    boolean opened = false;
    try {
      TestDisk disk = open(graph, warnings, image, flags, options);
      opened = true;
      return disk;
    } finally {
      if (!opened) {
        graph.close();
      }
    }
  }

  private static TestDisk open(
      BlockGraph graph,
      List<String> warnings,
      @Nullable String image,
      NodeFlags flags,
      String... options)
      throws BlockException {
    BlockNode node =
        graph.open(
            new OpenRequest(
                image, BlockOptions.of(options), flags, false, false, OpenGate.SAME_FOLDER));
    var needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (flags.writable()) {
      needed.add(Permission.WRITE);
      needed.add(Permission.RESIZE);
    }
    BlockBackend backend =
        graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
    return new TestDisk(graph, warnings, node, backend);
  }

  /** Creates an image; names and values of options in turn. */
  public static void create(String format, Path image, String... options) throws BlockException {
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      graph.create(graph.drivers().require(format), image.toString(), BlockOptions.of(options));
    }
  }

  public BlockGraph graph() {
    return graph;
  }

  public BlockNode node() {
    return node;
  }

  public BlockBackend backend() {
    return backend;
  }

  public List<String> warnings() {
    return warnings;
  }

  public byte[] read(long offset, int length) throws BlockException {
    byte[] bytes = new byte[length];
    backend.read(offset, IoVector.of(bytes), 0);
    return bytes;
  }

  public void write(long offset, byte[] bytes) throws BlockException {
    backend.write(offset, IoVector.of(bytes), 0);
  }

  @Override
  public void close() throws BlockException {
    try {
      backend.close();
    } finally {
      graph.close();
    }
  }
}
