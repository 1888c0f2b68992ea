// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An image that two programs have open, one of which writes to it at a time. */
@Timeout(60)
class InactiveImagesTest {
  private static final NodeFlags WRITABLE = NodeFlags.READ_ONLY.withWritable(true).withUnmap(true);

  @TempDir Path folder;

  private static byte[] filled(int value) {
    var bytes = new byte[200_000];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2", "qed", "vmdk", "vhdx", "vdi", "vpc", "parallels"})
  void itGoesFromOneToTheOtherAndBack(String format) throws Exception {
    Path image = folder.resolve("image");
    TestDisk.create(format, image, "size", "4M");
    try (TestDisk source = TestDisk.open(image, "driver", format)) {
      source.write(0, filled(1));
      byte[] before = Files.readAllBytes(image);
      try (TestDisk destination =
          TestDisk.open(image, WRITABLE.withInactive(true), "driver", format)) {
        assertArrayEquals(before, Files.readAllBytes(image), "opening writes nothing");
        assertEquals(
            Errno.EPERM,
            assertThrows(BlockException.class, () -> destination.write(0, filled(9))).errno());
        source.write(1_000_000, filled(2));
        source.graph().deactivate();
        assertEquals(
            Errno.EPERM,
            assertThrows(BlockException.class, () -> source.write(0, filled(9))).errno());
        destination.graph().activate();
        assertArrayEquals(filled(1), destination.read(0, 200_000));
        assertArrayEquals(filled(2), destination.read(1_000_000, 200_000));
        destination.write(2_000_000, filled(3));
        destination.write(0, filled(4));
        destination.graph().deactivate();
        source.graph().activate();
        assertArrayEquals(filled(4), source.read(0, 200_000));
        assertArrayEquals(filled(2), source.read(1_000_000, 200_000));
        assertArrayEquals(filled(3), source.read(2_000_000, 200_000));
        source.write(3_000_000, filled(5));
      }
    }
    try (TestDisk after = TestDisk.open(image, "driver", format)) {
      assertArrayEquals(filled(5), after.read(3_000_000, 200_000));
      assertArrayEquals(filled(3), after.read(2_000_000, 200_000));
    }
  }

  @Test
  void whoHasItKeepsOthersOutAndWhoHasLeftItDoesNot() throws Exception {
    Path image = folder.resolve("image");
    TestDisk.create("qcow2", image, "size", "4M");
    try (TestDisk source = TestDisk.open(image, "driver", "qcow2");
        TestDisk destination =
            TestDisk.open(image, WRITABLE.withInactive(true), "driver", "qcow2")) {
      assertThrows(BlockException.class, () -> TestDisk.open(image, "driver", "qcow2"));
      assertThrows(BlockException.class, () -> destination.graph().activate());
      source.write(0, filled(1)); // and is not disturbed by that
      source.graph().deactivate();
      destination.graph().activate();
      assertThrows(BlockException.class, () -> source.graph().activate());
      assertArrayEquals(filled(1), destination.read(0, 200_000));
      destination.write(0, filled(2));
    }
  }

  @Test
  void othersFillTheDiskOfAGuestThatIsStillToComeAndThenNoMore() throws Exception {
    Path image = folder.resolve("image");
    TestDisk.create("qcow2", image, "size", "4M");
    try (TestDisk disk = TestDisk.open(image, WRITABLE.withInactive(true), "driver", "qcow2")) {
      BlockGraph graph = disk.graph();
      graph.opensInactive(true);
      try (BlockBackend guest = graph.use(disk.node(), "", Permissions.NONE)) {
        guest.changeForGuest(GuestDrive.permissions(true));
        graph.activate(disk.node());
        disk.write(0, filled(1));
        graph.opensInactive(false);
        graph.activate();
        BlockException inTheWay = assertThrows(BlockException.class, graph::guestRuns);
        assertTrue(inTheWay.getMessage().startsWith("Permission conflict on node"));
        disk.write(0, filled(2)); // whoever was there is not interrupted
        disk.backend().change(Permissions.NONE);
        graph.guestRuns();
        assertThrows(
            BlockException.class, () -> disk.backend().change(GuestDrive.permissions(true)));
        var bytes = new byte[200_000];
        guest.read(0, IoVector.of(bytes), 0);
        assertArrayEquals(filled(2), bytes);
      }
    }
  }

  @Test
  void onlyWhatTheNodeStandsOnIsTakenWithIt() throws Exception {
    Path first = folder.resolve("first");
    Path other = folder.resolve("other");
    TestDisk.create("qcow2", first, "size", "4M");
    TestDisk.create("qcow2", other, "size", "4M");
    try (TestDisk disk = TestDisk.open(first, WRITABLE.withInactive(true), "driver", "qcow2");
        TestDisk source = TestDisk.open(other, "driver", "qcow2")) {
      BlockGraph graph = disk.graph();
      BlockNode waits =
          graph.open(
              new OpenRequest(
                  other.toString(),
                  BlockOptions.of("driver", "qcow2"),
                  WRITABLE.withInactive(true),
                  false,
                  false,
                  OpenGate.SAME_FOLDER));
      graph.activate(disk.node());
      disk.write(0, filled(1));
      assertTrue(waits.flags().inactive());
      source.write(0, filled(2)); // it is another program's still
    }
  }

  @Test
  void theImagesBitmapsGoWithItAndOthersStay() throws Exception {
    Path image = folder.resolve("image");
    TestDisk.create("qcow2", image, "size", "4M");
    try (TestDisk source = TestDisk.open(image, "driver", "qcow2");
        TestDisk destination =
            TestDisk.open(image, WRITABLE.withInactive(true), "driver", "qcow2")) {
      var kept = new DirtyBitmap("kept", 65536, 4 << 20);
      kept.keep(true);
      source.node().bitmaps().add(kept);
      source.node().bitmaps().add(new DirtyBitmap("own", 65536, 4 << 20));
      source.write(65536, new byte[65536]);
      source.graph().deactivate();
      assertNull(source.node().bitmaps().find("kept"));
      assertNotNull(source.node().bitmaps().find("own"));
      destination.graph().activate();
      DirtyBitmap there = destination.node().bitmaps().find("kept");
      assertNotNull(there);
      assertFalse(there.inconsistent());
      assertEquals(65536, there.count());
      assertNull(destination.node().bitmaps().find("own"));
      destination.write(0, new byte[65536]);
      destination.graph().deactivate();
      source.graph().activate();
      DirtyBitmap back = source.node().bitmaps().find("kept");
      assertNotNull(back);
      assertEquals(131072, back.count());
    }
  }
}
