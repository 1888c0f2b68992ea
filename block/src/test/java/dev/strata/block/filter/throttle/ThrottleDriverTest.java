// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.throttle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.synthetic.NullFactory;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleLimits;
import dev.strata.block.throttle.ThrottleOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits on a node and on a user of one. */
final class ThrottleDriverTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final ObjectRegistry objects = new ObjectRegistry();
  private final BlockGraph graph =
      new BlockGraph(
          new DriverRegistry(List.of(new NullFactory(), new ThrottleFactory())),
          objects,
          line -> {});

  @AfterEach
  void close() throws BlockException {
    graph.close();
  }

  private BlockBackend open(String... options) throws BlockException {
    BlockNode node =
        graph.open(
            new OpenRequest(
                null, BlockOptions.of(options), Disk.WRITABLE, false, true, OpenGate.DENY));
    return graph.use(node, "", Permissions.NONE);
  }

  private BlockBackend openThrottled(String group) throws BlockException {
    return open(
        "driver", "throttle", "throttle-group", group, "file.driver", "null-co", "file.size", "1M");
  }

  /** A read that has to wait for an hour if nobody helps. */
  private static Thread startLongRead(BlockBackend disk) throws BlockException {
    disk.read(0, IoVector.of(new byte[3600]), 0);
    Thread reader = Thread.startVirtualThread(() -> read(disk));
    while (reader.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    return reader;
  }

  private static void read(BlockBackend disk) {
    try {
      disk.read(0, IoVector.of(new byte[1]), 0);
    } catch (BlockException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closingDoesNotWaitForTheRate() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          objects.define("throttle-group,id=g,x-bps-read=1");
          BlockBackend disk = openThrottled("g");
          Thread reader = startLongRead(disk);
          disk.close();
          reader.join();
          assertFalse(objects.throttleGroup("g").isUsed());
        });
  }

  @Test
  void reopeningChangesTheGroupOrNothing() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          objects.define("throttle-group,id=g,x-bps-read=1");
          objects.define("throttle-group,id=h");
          BlockBackend disk = openThrottled("g");
          Thread reader = startLongRead(disk);
          assertEquals(
              "Throttle group 'nosuch' does not exist",
              assertThrows(BlockException.class, () -> reopen(disk, "nosuch")).getMessage());
          reader.join(); // a change of the graph waits for no rate
          assertTrue(objects.throttleGroup("g").isUsed());
          reopen(disk, "h");
          assertFalse(objects.throttleGroup("g").isUsed());
          disk.read(0, IoVector.of(new byte[4096]), 0);
          disk.read(0, IoVector.of(new byte[4096]), 0);
        });
  }

  private void reopen(BlockBackend disk, String group) throws BlockException {
    BlockNode node = disk.node();
    graph.reopen(node, node.flags(), BlockOptions.of("throttle-group", group));
  }

  private static ThrottleOptions limits(long bytesPerSecond, String... group)
      throws BlockException {
    var limits = new ThrottleLimits.Builder().average(Meter.BPS_READ, bytesPerSecond).build();
    return new ThrottleOptions(limits, group.length == 0 ? null : group[0]);
  }

  @Test
  void usersLimitsHoldForItsRequests() {
    assertTimeoutPreemptively(
        SOON,
        () -> {
          BlockBackend disk = open("driver", "null-co", "size", "1M");
          disk.throttle(limits(1), "disk0");
          Thread reader = startLongRead(disk);
          disk.throttle(limits(0), "disk0");
          reader.join();
          assertNull(disk.throttleGroup());
        });
  }

  @Test
  void usersShareGroupsByName() throws BlockException {
    BlockBackend a = open("driver", "null-co");
    BlockBackend b = open("driver", "null-co");
    a.throttle(limits(10), "a");
    ThrottleGroup own = a.throttleGroup();
    assertEquals("a", own == null ? null : own.name());
    b.throttle(limits(20, "a"), "b");
    assertSame(own, b.throttleGroup());
    assertEquals(20, own == null ? 0 : own.limits().average(Meter.BPS_READ));
    b.throttle(limits(30), "b"); // no group named: it stays in its own
    assertSame(own, b.throttleGroup());
    b.throttle(limits(40, "b"), "b");
    assertEquals(30, own == null ? 0 : own.limits().average(Meter.BPS_READ));
    a.throttle(limits(0), "a");
    a.throttle(limits(50, "b"), "a");
    assertSame(b.throttleGroup(), a.throttleGroup());
  }

  @Test
  void usersJoinGroupsThatAreObjects() throws BlockException {
    objects.define("throttle-group,id=g,x-bps-read=5");
    BlockBackend disk = open("driver", "null-co");
    disk.throttle(limits(9, "g"), "disk0");
    assertSame(objects.throttleGroup("g"), disk.throttleGroup());
    assertEquals(9, objects.throttleGroup("g").limits().average(Meter.BPS_READ));
  }
}
