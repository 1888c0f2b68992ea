// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.formats.CrashStates;
import dev.strata.formats.Findings;
import dev.strata.formats.TestDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An image is emptied: all shows its backing file, also if the machine stops meanwhile. */
final class EmptyingTest {
  private static final int SIZE = 256 * 1024;
  private static final int PIECE = 512;

  @TempDir Path folder;
  private Path image;
  private Path log;
  private byte[] below;

  @BeforeEach
  void makeBackingFile() throws IOException {
    image = folder.resolve("i.qcow2");
    log = folder.resolve("log");
    below = new byte[SIZE];
    Arrays.fill(below, (byte) 0x22);
    Files.write(folder.resolve("b.raw"), below);
  }

  private void create(String... options) throws BlockException {
    var all =
        new ArrayList<>(List.of("size", "" + SIZE, "backing_file", "b.raw", "backing_fmt", "raw"));
    all.addAll(List.of(options));
    TestDisk.create("qcow2", image, all.toArray(String[]::new));
  }

  /** Writes three quarters of the disk, with what makes the tables less regular. */
  private void fill(boolean snapshot, boolean grown) throws BlockException {
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      byte[] bytes = new byte[4096];
      Arrays.fill(bytes, (byte) 0x11);
      for (int at = 0; at < SIZE; at += 4096) {
        if (at % 16384 != 0) {
          disk.write(at, bytes);
        }
        if (at == SIZE / 2 && snapshot) {
          SnapshotStore store = disk.node().capability(SnapshotStore.class).orElseThrow();
          store.createSnapshot(new SnapshotStore.Snapshot("", "s", 0, 0, 0, 0, -1, SIZE));
        }
      }
      if (grown) {
        // The L1 table moves behind the data, to where a refcount block further on counts it.
        disk.backend().truncate(64L << 20, true, Preallocation.OFF, 0);
        disk.backend().truncate(SIZE, true, Preallocation.OFF, 0);
      }
    }
  }

  private byte[] read() throws BlockException {
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "qcow2")) {
      return disk.read(0, SIZE);
    }
  }

  private Checkable.Result check() throws BlockException {
    var lines = new ArrayList<String>();
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "qcow2")) {
      Checkable.Result result =
          disk.node()
              .capability(Checkable.class)
              .orElseThrow()
              .check(Checkable.Repair.NONE, new Findings(lines));
      assertEquals(0, result.corruptions(), () -> String.join("\n", lines));
      assertEquals(0, result.checkErrors(), () -> String.join("\n", lines));
      return result;
    }
  }

  private static boolean isDirty(byte[] header) {
    return (header[79] & 1) != 0; // bit 0 of the incompatible features
  }

  /** Empties the image and looks at all that a crash may have left; what the flushes were. */
  private int emptied(boolean atOnce) throws IOException {
    byte[] before = Files.readAllBytes(image);
    byte[] full = read();
    Files.write(log, new byte[0]);
    try (TestDisk disk =
        TestDisk.ofOptions(
            "driver",
            "qcow2",
            "backing.driver",
            "raw",
            "backing.file.filename",
            folder.resolve("b.raw").toString(),
            "file.driver",
            "blklogwrites",
            "file.file.filename",
            image.toString(),
            "file.log.filename",
            log.toString())) {
      disk.node().capability(Emptiable.class).orElseThrow().makeEmpty();
      assertArrayEquals(below, disk.read(0, SIZE));
    }
    byte[] after = Files.readAllBytes(image);
    assertArrayEquals(below, read());
    assertEquals(0, check().leaks());
    var states = new CrashStates(log, after.length);
    var last = new byte[1][];
    states.visit(
        before,
        (state, torn) -> {
          Files.write(image, state);
          byte[] now = read();
          if (isDirty(state)) {
            TestDisk.open(image, "driver", "qcow2").close(); // puts the refcounts right
            assertArrayEquals(now, read());
          }
          check();
          if (atOnce && !torn) {
            assertTrue(Arrays.equals(now, full) || Arrays.equals(now, below));
          }
          for (int at = 0; at < SIZE; at += PIECE) {
            int end = at + PIECE;
            assertTrue(
                Arrays.equals(now, at, end, full, at, end)
                    || Arrays.equals(now, at, end, below, at, end));
          }
          last[0] = state;
        });
    assertArrayEquals(after, last[0], "the log is not all that was written");
    return states.flushes();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cluster_size=65536",
        "cluster_size=4096,extended_l2=off",
        "cluster_size=16384,extended_l2=on",
        "cluster_size=512",
        "cluster_size=512,refcount_bits=64",
        "cluster_size=512,refcount_bits=1",
        "cluster_size=4096,lazy_refcounts=on"
      })
  void isAsBeforeOrEmptyWhereverItStops(String options) throws IOException {
    create(options.split("[=,]"));
    fill(false, false);
    assertTrue(emptied(true) <= 4, "flushes are more than the tables need");
    assertEquals(4L * Integer.parseInt(options.split("[=,]")[1]), Files.size(image));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cluster_size=512,refcount_bits=64", "cluster_size=4096"})
  void tablesFarBackInTheFileStayThere(String options) throws IOException {
    create(options.split("[=,]"));
    fill(false, true);
    emptied(true);
  }

  @Test
  void withoutADirtyBitItsClustersAreGivenUpOneByOne() throws IOException {
    create("compat", "0.10", "cluster_size", "4096");
    fill(false, false);
    emptied(false);
  }

  @Test
  void snapshotsKeepWhatTheyHave() throws IOException {
    create("cluster_size", "4096");
    fill(true, false);
    emptied(false);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      SnapshotStore store = disk.node().capability(SnapshotStore.class).orElseThrow();
      store.applySnapshot(store.snapshots().getFirst());
      assertEquals(0x11, disk.read(4096, 1)[0]);
    }
  }

  @Test
  void anEmptiedImageCanBeWritten() throws IOException {
    create("cluster_size", "512");
    fill(false, false);
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.node().capability(Emptiable.class).orElseThrow().makeEmpty();
      disk.write(1000, new byte[] {1, 2, 3});
      byte[] wanted = below.clone();
      wanted[1000] = 1;
      wanted[1001] = 2;
      wanted[1002] = 3;
      assertArrayEquals(wanted, disk.read(0, SIZE));
    }
    assertEquals(0, check().leaks());
  }
}
