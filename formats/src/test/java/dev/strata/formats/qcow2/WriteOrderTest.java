// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.CrashStates;
import dev.strata.formats.TestDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What has to be in the file before something else is. */
final class WriteOrderTest {
  private static final int SIZE = 256 * 1024;
  private static final int CLUSTER = 4096;

  private static final String OLD = "first.raw";
  private static final String NEW = "another one.raw";

  @TempDir Path folder;

  private Path create(String... options) throws IOException {
    Path image = folder.resolve("i.qcow2");
    var all = new ArrayList<>(List.of("size", "" + SIZE, "cluster_size", "" + CLUSTER));
    all.addAll(List.of(options));
    TestDisk.create("qcow2", image, all.toArray(String[]::new));
    return image;
  }

  /** Opens the image over a layer that keeps a log. */
  private TestDisk recorded(Path image) throws IOException {
    Files.write(folder.resolve("log"), new byte[0]);
    return TestDisk.ofOptions(
        "driver",
        "qcow2",
        "file.driver",
        "blklogwrites",
        "file.file.filename",
        image.toString(),
        "file.log.filename",
        folder.resolve("log").toString());
  }

  private static byte[] filled(int value) {
    var bytes = new byte[CLUSTER];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"lazy_refcounts=off", "lazy_refcounts=on"})
  void zeroesGiveWayToNothingButWhatIsWritten(String options) throws IOException {
    Path image = create(options.split("=", -1));
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      disk.write(0, filled(1));
      disk.backend().flush();
      disk.backend().writeZeroes(0, CLUSTER, 0); // the cluster stays, with what it holds
    }
    byte[] before = Files.readAllBytes(image);
    try (TestDisk disk = recorded(image)) {
      disk.write(0, filled(2));
    }
    new CrashStates(folder.resolve("log"), Files.size(image))
        .visit(
            before,
            (state, torn) -> {
              Files.write(image, state);
              try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "qcow2")) {
                for (byte one : disk.read(0, CLUSTER)) {
                  assertTrue(one == 0 || one == 2, "shows what was overwritten by zeroes");
                }
              }
            });
  }

  /** With clusters of that size, names of features take the header's sector: others lie behind. */
  @Test
  void theBackingFileIsTheOldOrTheNewOneWhereverItStops() throws IOException {
    Path image = create("cluster_size", "65536", "backing_file", OLD, "backing_fmt", "raw");
    byte[] before = Files.readAllBytes(image);
    var log = folder.resolve("log");
    Files.write(log, new byte[0]);
    try (TestDisk disk =
        TestDisk.ofOptions(
            "driver",
            "qcow2",
            "backing.driver",
            "raw",
            "backing.file.filename",
            Files.write(folder.resolve("below.raw"), new byte[SIZE]).toString(),
            "file.driver",
            "blklogwrites",
            "file.file.filename",
            image.toString(),
            "file.log.filename",
            log.toString())) {
      disk.node()
          .capability(BackingEditable.class)
          .orElseThrow()
          .changeBacking(new BackingReference(NEW, "raw"));
    }
    byte[] after = Files.readAllBytes(image);
    new CrashStates(log, after.length)
        .visit(
            before,
            (state, torn) -> {
              ByteBuffer header = ByteBuffer.wrap(state);
              int offset = Math.toIntExact(header.getLong(8));
              String name = new String(state, offset, header.getInt(16), US_ASCII);
              assertTrue(name.equals(OLD) || name.equals(NEW), () -> "stands on " + name);
            });
    Path made = folder.resolve("made.qcow2");
    TestDisk.create("qcow2", made, "size", "" + SIZE, "backing_file", NEW, "backing_fmt", "raw");
    assertEquals(
        -1,
        Arrays.mismatch(
            Arrays.copyOf(after, 65536), Arrays.copyOf(Files.readAllBytes(made), 65536)),
        "the header is another one than that of an image made so");
  }

  /** Counts of 64 bits are 512 in a block here; those of 16 bits four times as many. */
  @Test
  void refcountsOfAnotherWidthAreNotCutOff() throws IOException {
    Path image = folder.resolve("wide.qcow2");
    TestDisk.create(
        "qcow2", image, "size", "4M", "cluster_size", "" + CLUSTER, "refcount_bits", "64");
    try (TestDisk disk = TestDisk.open(image, "driver", "qcow2")) {
      for (int cluster = 0; cluster < 520; cluster++) {
        disk.write((long) cluster * CLUSTER, filled(cluster));
      }
      disk.node()
          .capability(Amendable.class)
          .orElseThrow()
          .amend(BlockOptions.of("refcount_bits", "16"), false, ProgressListener.NONE);
      disk.backend().truncate(3 << 20, true, Preallocation.OFF, 0);
    }
    assertEquals(0, damage(image));
  }

  private static long damage(Path image) throws BlockException {
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", "qcow2")) {
      Checkable.Result result =
          disk.node()
              .capability(Checkable.class)
              .orElseThrow()
              .check(
                  Checkable.Repair.NONE,
                  new Checkable.Listener() {
                    @Override
                    public void found(String line) {}

                    @Override
                    public void progress(long done, long total) {}
                  });
      return result.corruptions() + result.leaks() + result.checkErrors();
    }
  }
}
