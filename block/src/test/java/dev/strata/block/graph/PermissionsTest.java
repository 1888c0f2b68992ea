// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Limits;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.BlockOptions;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The messages are those of QEMU 7.2. */
class PermissionsTest {
  private static final Set<Permission> ALL = EnumSet.allOf(Permission.class);
  private static final Set<Permission> READ = EnumSet.of(Permission.CONSISTENT_READ);
  private static final Set<Permission> WRITE =
      EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE);
  private static final Set<Permission> NO_WRITERS =
      EnumSet.complementOf(EnumSet.of(Permission.WRITE));

  private BlockGraph graph = new BlockGraph(new DriverRegistry(List.of()), line -> {});

  private BlockNode open(Recorder recorder, NodeFlags flags) throws BlockException {
    graph = new BlockGraph(new DriverRegistry(List.of(recorder)), line -> {});
    return graph.open(
        new OpenRequest(
            null,
            BlockOptions.of("driver", "recorder", "node-name", "disk"),
            flags,
            false,
            true,
            OpenGate.DENY));
  }

  @AfterEach
  void close() throws BlockException {
    graph.close();
  }

  private static void assertFails(String message, Executable e) {
    assertEquals(message, assertThrows(BlockException.class, e).getMessage());
  }

  @Test
  void aWriterAndAUserWhoWantsNoneDoNotGoTogether() throws BlockException {
    BlockNode node = open(new Recorder(Limits.NONE, 4096), Disk.WRITABLE);
    BlockBackend writer = graph.use(node, "a", new Permissions(WRITE, ALL));
    assertFails(
        "Permission conflict on node 'disk': permissions 'write' are both required by block device"
            + " 'a' (uses node 'disk' as 'root' child) and unshared by block device 'b' (uses node"
            + " 'disk' as 'root' child).",
        () -> graph.use(node, "b", new Permissions(READ, NO_WRITERS)));
    // The one refused has left nothing behind.
    graph.use(node, "c", new Permissions(WRITE, ALL)).close();
    writer.change(new Permissions(READ, ALL));
    BlockBackend lonely = graph.use(node, "b", new Permissions(READ, NO_WRITERS));
    assertThrows(BlockException.class, () -> writer.change(new Permissions(WRITE, ALL)));
    assertEquals(new Permissions(READ, ALL), writer.permissions());
    lonely.close();
    writer.change(new Permissions(WRITE, ALL));
  }

  @Test
  void nobodyWritesToAReadOnlyNode() throws BlockException {
    BlockNode node = open(new Recorder(Limits.NONE, 4096), NodeFlags.READ_ONLY);
    assertFails("Block node is read-only", () -> graph.use(node, "", new Permissions(WRITE, ALL)));
    graph.use(node, "", new Permissions(READ, ALL)).close();
  }

  @Test
  void aLastBlockThatIsNotWholeIsWrittenOnlyByWhoMayResize() throws BlockException {
    BlockNode node =
        open(new Recorder(Limits.NONE.withRequestAlignment(4096), 6144), Disk.WRITABLE);
    BlockBackend reader = graph.use(node, "", new Permissions(READ, ALL));
    assertFails(
        "Cannot get 'write' permission without 'resize': Image size is not a multiple of request"
            + " alignment",
        () -> reader.change(new Permissions(WRITE, ALL)));
    reader.change(
        new Permissions(
            EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE), ALL));
  }
}
