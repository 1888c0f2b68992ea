// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import static dev.strata.block.Disk.filled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.Breakpoints;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.file.FileFactory;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The messages are those that the reference tools print for the same options. */
class BlkdebugTest {
  private static final int MIB = 1 << 20;

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final List<BlockDriverFactory> drivers =
      List.of(new FileFactory(memory), new BlkdebugFactory());
  @TempDir Path folder;

  BlkdebugTest() throws IOException {
    Files.write(memory.getPath("/work/a"), new byte[MIB]);
  }

  private Disk open(String... more) throws BlockException {
    var options =
        new ArrayList<>(
            List.of("driver", "blkdebug", "image.driver", "file", "image.filename", "/work/a"));
    options.addAll(Arrays.asList(more));
    return Disk.open(drivers, Disk.WRITABLE, options.toArray(String[]::new));
  }

  private static void assertFails(String message, Executable e) {
    assertEquals(message, assertThrows(BlockException.class, e).getMessage());
  }

  @Test
  void errorsOfTheEventNoneAreThereFromTheStart() throws BlockException {
    Disk disk = open("inject-error.0.event", "none", "inject-error.0.errno", "28");
    assertFails("No space left on device", () -> disk.read(0, 512));
    assertFails("No space left on device", () -> disk.write(0, 512, 1));
    assertFails("No space left on device", () -> disk.backend().discard(0, 512));
    assertFails("No space left on device", () -> disk.backend().flush());
    assertEquals(4096, disk.backend().status(0, 4096, StatusDetail.ZEROES).length());
    assertFails("No space left on device", disk::close); // which flushes
  }

  @Test
  void anErrorMeetsOnlyItsKindOfRequestAndItsSector() throws BlockException {
    try (Disk disk =
        open(
            "inject-error.0.event", "none",
            "inject-error.0.iotype", "write",
            "inject-error.0.sector", "3",
            "inject-error.0.once", "on")) {
      assertArrayEquals(new byte[4096], disk.read(0, 4096));
      disk.write(0, 1536, 1);
      disk.write(2048, 512, 1);
      assertFails("Input/output error", () -> disk.write(0, 4096, 2));
      disk.write(0, 4096, 2);
    }
    try (Disk disk =
        open("inject-error.0.event", "none", "inject-error.0.iotype", "block-status")) {
      disk.write(0, 512, 1);
      assertFails("Input/output error", () -> disk.backend().status(0, 4096, StatusDetail.ZEROES));
    }
  }

  @Test
  void theFirstRuleThatMatchesDecides() throws BlockException {
    try (Disk disk =
        open(
            "inject-error.0.event", "none",
            "inject-error.0.errno", "9999",
            "inject-error.0.iotype", "read",
            "inject-error.1.event", "none",
            "inject-error.1.iotype", "read",
            "inject-error.1.errno", "28")) {
      assertFails("Unknown error 9999", () -> disk.read(0, 512));
    }
    try (Disk disk = open("inject-error.0.event", "none", "inject-error.0.errno", "0")) {
      disk.read(0, 512);
    }
  }

  @Test
  void rulesDependOnTheStateBeforeTheEvent() throws BlockException {
    // The second write of the two is the one that fails.
    try (Disk disk =
        open(
            "set-state.0.event", "pwritev",
            "set-state.0.state", "1",
            "set-state.0.new_state", "2",
            "inject-error.0.event", "pwritev",
            "inject-error.0.iotype", "write",
            "inject-error.0.state", "2")) {
      disk.write(0, 512, 1);
      assertFails("Input/output error", () -> disk.write(0, 512, 1));
    }
  }

  @Test
  void whatIsWrongWithTheOptionsIsSaid() {
    assertFails("invalid parameter value: foo", () -> open("inject-error.0.event", "foo"));
    assertFails("Missing event name for rule", () -> open("inject-error.0.errno", "5"));
    assertFails(
        "Parameter 'errno' expects a number",
        () -> open("inject-error.0.event", "none", "inject-error.0.errno", "abc"));
    assertFails(
        "[inject-error] section doesn't support the option 'foo'",
        () -> open("inject-error.0.event", "none", "inject-error.0.foo", "abc"));
    assertFails("Cannot meet constraints with align 3", () -> open("align", "3"));
    assertFails("Cannot meet constraints with align 4294967296", () -> open("align", "4294967296"));
    assertFails(
        "Cannot meet constraints with max-transfer 1000",
        () -> open("align", "4096", "max-transfer", "1000"));
    assertFails(
        "Cannot meet constraints with max-discard 1000",
        () -> open("opt-discard", "512", "max-discard", "1000"));
    assertFails(
        "Parameter 'null' does not accept value 'foo'", () -> open("take-child-perms.0", "foo"));
    assertFails(
        "Block protocol 'blkdebug' doesn't support the option 'foo'", () -> open("foo", "1"));
    assertFails(
        "A block device must be specified for \"image\"",
        () -> Disk.open(drivers, Disk.WRITABLE, "driver", "blkdebug"));
  }

  @Test
  void limitsThatAreNoPowersOfTwoAreKept() throws IOException {
    try (Disk disk =
        open(
            "align", "512",
            "max-transfer", "1536",
            "opt-write-zero", "1536",
            "max-write-zero", "4608")) {
      disk.write(0, MIB, 7);
      disk.backend().writeZeroes(1000, 100_000, 0);
      assertArrayEquals(filled(1000, 7), disk.read(0, 1000));
      assertArrayEquals(new byte[100_000], disk.read(1000, 100_000));
      assertArrayEquals(filled(1000, 7), disk.read(101_000, 1000));
    }
  }

  private Disk withFile(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("conf"), text);
    return open("config", file.toString());
  }

  @Test
  void rulesComeFromAFileToo() throws IOException {
    String text =
        """
        # a comment

        [inject-error]
        event = "none"
         iotype = "read"
        errno = "28"
        [set-state "name"]
        event = "none"
        new_state = "2"
        """;
    try (Disk disk = withFile(text)) {
      assertFails("No space left on device", () -> disk.read(0, 512));
      disk.write(0, 512, 1);
    }
    assertFails("There is no option group 'foo'", () -> withFile("[foo]\n"));
    assertFails("Invalid parameter 'foo'", () -> withFile("[inject-error]\nfoo = \"1\"\n"));
    assertFails("Invalid parameter 'state=\"1\"'", () -> withFile("[set-state]\nstate=\"1\"\n"));
    assertFails("no group defined", () -> withFile("event = \"none\"\n"));
    assertFails("Missing event name for rule", () -> withFile("[inject-error]\n"));
    assertFails("invalid parameter value: ", () -> withFile("[inject-error]\nevent = none\n"));
    assertFails(
        "Could not read blkdebug config file: No such file or directory",
        () -> open("config", folder.resolve("none").toString()));
  }

  private String nameOf(String... options) throws BlockException {
    try (Disk disk = open(options)) {
      return disk.node().filename();
    }
  }

  @Test
  void theNameSaysAllOrIsMadeOfOptions() throws IOException {
    assertEquals("blkdebug::/work/a", nameOf());
    Path file = Files.writeString(folder.resolve("conf"), "");
    assertEquals("blkdebug:" + file + ":/work/a", nameOf("config", file.toString()));
    assertEquals(
        "json:{\"image\": {\"driver\": \"file\", \"filename\": \"/work/a\"}, \"driver\":"
            + " \"blkdebug\", \"inject-error.0.event\": \"l1_update\"}",
        nameOf("inject-error.0.event", "l1_update"));
  }

  @Test
  void aFileNameAsksForTheFilter() throws BlockException {
    try (var graph = new BlockGraph(new DriverRegistry(drivers), line -> {})) {
      var node =
          graph.open(
              new OpenRequest(
                  "blkdebug::/work/a",
                  new BlockOptions(),
                  NodeFlags.READ_ONLY,
                  false,
                  true,
                  OpenGate.DENY));
      assertEquals("blkdebug", node.driverName());
      assertEquals("blkdebug::/work/a", node.filename());
      assertEquals(-1, node.allocatedSize());
      assertFails(
          "blkdebug requires both config file and image path",
          () ->
              graph.open(
                  new OpenRequest(
                      "blkdebug:a",
                      new BlockOptions(),
                      NodeFlags.READ_ONLY,
                      false,
                      true,
                      OpenGate.DENY)));
    }
  }

  @Test
  void aBreakpointHaltsARequestUntilItIsResumed() throws Exception {
    try (Disk disk = open()) {
      Breakpoints breakpoints = disk.node().capability(Breakpoints.class).orElseThrow();
      breakpoints.breakpoint("pwritev", "A");
      var failure = new AtomicReference<BlockException>();
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  disk.write(0, 512, 1);
                } catch (BlockException e) {
                  failure.set(e);
                }
              });
      while (!breakpoints.isSuspended("A")) {
        Thread.onSpinWait();
      }
      disk.write(4096, 512, 2); // a breakpoint halts one request
      assertArrayEquals(new byte[512], disk.read(0, 512));
      assertTrue(breakpoints.isSuspended("A"));
      assertTrue(breakpoints.resume("A"));
      writer.join();
      assertNull(failure.get());
      assertFalse(breakpoints.isSuspended("A"));
      assertArrayEquals(filled(512, 1), disk.read(0, 512));
      assertFalse(breakpoints.resume("A"));
      assertFalse(breakpoints.remove("A"));
      breakpoints.breakpoint("pwritev", "B");
      assertTrue(breakpoints.remove("B"));
      disk.write(0, 512, 1);
      assertEquals(
          Errno.ENOENT,
          assertThrows(BlockException.class, () -> breakpoints.breakpoint("foo", "C")).errno());
    }
  }

  /** Starts a write and has it halt at one step after the other. */
  private void assertSteps(long offset, int length, String... events) throws Exception {
    try (Disk disk = open("align", "4096")) {
      Breakpoints breakpoints = disk.node().capability(Breakpoints.class).orElseThrow();
      for (String event : events) {
        breakpoints.breakpoint(event, event);
      }
      var failure = new AtomicReference<BlockException>();
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  disk.write(offset, length, 1);
                } catch (BlockException e) {
                  failure.set(e);
                }
              });
      for (String event : events) {
        while (!breakpoints.isSuspended(event)) {
          Thread.onSpinWait();
        }
        for (String other : events) {
          assertEquals(other.equals(event), breakpoints.isSuspended(other), other);
        }
        breakpoints.resume(event);
      }
      writer.join();
      assertNull(failure.get());
      assertArrayEquals(filled(length, 1), disk.read(offset, length));
    }
  }

  @Test
  void partialBlocksAtBothEndsAreReadTogetherIfThereIsNothingBetween() throws Exception {
    String[] together = {
      "pwritev_rmw_head",
      "pwritev_rmw_tail",
      "pwritev_rmw_after_head",
      "pwritev_rmw_after_tail",
      "pwritev",
      "pwritev_done"
    };
    assertSteps(0x1200, 0x200, together);
    assertSteps(0x1200, 0x1000, together);
    assertSteps(
        0x1200,
        0x2000,
        "pwritev_rmw_head",
        "pwritev_rmw_after_head",
        "pwritev_rmw_tail",
        "pwritev_rmw_after_tail",
        "pwritev",
        "pwritev_done");
    assertSteps(0x1000, 0x200, "pwritev_rmw_tail", "pwritev_rmw_after_tail", "pwritev");
  }

  @Test
  void everyBreakpointOfAnEventHaltsTheRequest() throws Exception {
    try (Disk disk = open()) {
      Breakpoints breakpoints = disk.node().capability(Breakpoints.class).orElseThrow();
      breakpoints.breakpoint("pwritev", "A");
      breakpoints.breakpoint("pwritev", "B");
      var failure = new AtomicReference<BlockException>();
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  disk.write(0, 512, 1);
                } catch (BlockException e) {
                  failure.set(e);
                }
              });
      while (!breakpoints.isSuspended("B")) {
        Thread.onSpinWait();
      }
      assertTrue(breakpoints.resume("B"));
      assertTrue(breakpoints.isSuspended("A"));
      assertArrayEquals(new byte[512], disk.read(0, 512));
      assertFalse(breakpoints.remove("A")); // what is halted is no breakpoint any more
      assertTrue(breakpoints.resume("A"));
      writer.join();
      assertNull(failure.get());
    }
  }
}
