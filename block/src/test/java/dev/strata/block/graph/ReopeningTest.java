// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.file.FileFactory;
import dev.strata.block.filter.blkdebug.BlkdebugFactory;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The messages are those of QEMU 7.2. */
class ReopeningTest {
  private static final Permissions READER =
      new Permissions(EnumSet.of(Permission.CONSISTENT_READ), EnumSet.allOf(Permission.class));

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final List<BlockDriverFactory> drivers =
      List.of(new FileFactory(memory), new BlkdebugFactory());

  ReopeningTest() throws IOException {
    Files.write(memory.getPath("/work/a"), new byte[4096]);
  }

  private Disk open(NodeFlags flags) throws BlockException {
    return Disk.open(
        drivers, flags, "driver", "blkdebug", "image.driver", "file", "image.filename", "/work/a");
  }

  private static BlockNode file(Disk disk) {
    Edge image = disk.node().edge("image");
    assertTrue(image != null);
    return image.node();
  }

  private static void assertFails(String message, Executable e) {
    assertEquals(message, assertThrows(BlockException.class, e).getMessage());
  }

  @Test
  void theFileBelowBecomesWritableTooAndReadOnlyAgain() throws BlockException {
    try (Disk disk = open(NodeFlags.READ_ONLY)) {
      assertFails("Operation not permitted", () -> disk.write(0, 512, 1));
      disk.node().graph().makeWritable(disk.node(), true);
      assertTrue(file(disk).flags().writable());
      disk.write(0, 512, 1);
      assertArrayEquals(Disk.filled(512, 1), disk.read(0, 512));
      disk.node().graph().makeWritable(disk.node(), false);
      assertFalse(file(disk).flags().writable());
      assertFails("Operation not permitted", () -> disk.write(0, 512, 1));
    }
  }

  @Test
  void anOptionThatNobodyTakesLeavesAllNodesAsTheyWere() throws BlockException {
    try (Disk disk = open(NodeFlags.READ_ONLY)) {
      NodeFlags before = disk.node().flags();
      NodeFlags below = file(disk).flags();
      assertFails(
          "Cannot change the option 'foo'",
          () ->
              disk.node()
                  .graph()
                  .reopen(disk.node(), before.withWritable(true), BlockOptions.of("foo", "bar")));
      assertEquals(before, disk.node().flags());
      assertEquals(below, file(disk).flags());
      assertFails("Operation not permitted", () -> disk.write(0, 512, 1));
    }
  }

  @Test
  void whatFailsForALaterNodeIsTakenBackForTheEarlierOnes() throws BlockException {
    try (Disk disk = open(NodeFlags.READ_ONLY)) {
      NodeFlags before = disk.node().flags();
      var first = NodeChange.of(disk.node(), before.withWritable(true).withUnmap(true));
      var second =
          new NodeChange(
              file(disk), before, DetectZeroes.OFF, BlockOptions.of("filename", "/work/b"));
      assertFails(
          "Cannot change the option 'filename'",
          () -> disk.node().graph().reopen(List.of(first, second)));
      assertEquals(before, disk.node().flags());
      assertFalse(file(disk).flags().writable());
    }
  }

  @Test
  void anOptionThatSaysWhatIsSoIsNoChange() throws BlockException {
    try (Disk disk = open(NodeFlags.READ_ONLY)) {
      BlockNode file = file(disk);
      file.graph().reopen(file, file.flags(), BlockOptions.of("filename", "/work/a"));
      assertEquals(4096, disk.read(0, 4096).length);
    }
  }

  @Test
  void aNodeWithWritersDoesNotBecomeReadOnly() throws BlockException {
    try (Disk disk = open(Disk.WRITABLE)) {
      assertFails(
          "Read-only block node '" + disk.node().name() + "' cannot support read-write users",
          () -> disk.node().graph().makeWritable(disk.node(), false));
      disk.write(0, 512, 1);
      disk.backend().change(READER);
      disk.node().graph().makeWritable(disk.node(), false);
      assertFails("Operation not permitted", () -> disk.write(0, 512, 1));
    }
  }

  @Test
  void detectionOfZeroesChangesWithTheRest() throws BlockException {
    try (Disk disk = open(Disk.WRITABLE)) {
      BlockNode node = disk.node();
      var change =
          new NodeChange(
              node, node.flags(), DetectZeroes.of("unmap", node.flags()), new BlockOptions());
      node.graph().reopen(List.of(change));
      assertEquals(DetectZeroes.UNMAP, node.detectZeroes());
      assertFails(
          "setting detect-zeroes to unmap is not allowed without setting discard operation to"
              + " unmap",
          () -> DetectZeroes.of("unmap", NodeFlags.READ_ONLY));
    }
  }
}
