// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every format that can be written promises, whatever its map looks like. */
class WritableFormatsTest {
  private static final int SIZE = 12 << 20;

  /** A format and options of creation. */
  record Kind(String format, String... options) {
    String[] creation(int size) {
      var all = new ArrayList<>(List.of("size", String.valueOf(size)));
      all.addAll(List.of(options));
      return all.toArray(String[]::new);
    }

    @Override
    public String toString() {
      return format + Arrays.toString(options);
    }
  }

  static Stream<Kind> kinds() {
    return Stream.of(
        new Kind("vdi"),
        new Kind("vdi", "static", "on"),
        new Kind("vpc", "force_size", "on"),
        new Kind("vpc", "force_size", "on", "subformat", "fixed"),
        new Kind("qed"),
        new Kind("qed", "cluster_size", "4096", "table_size", "1"),
        new Kind("qcow"),
        new Kind("vmdk"),
        new Kind("vmdk", "zeroed_grain", "on"),
        new Kind("vmdk", "subformat", "monolithicFlat"),
        new Kind("vmdk", "subformat", "twoGbMaxExtentSparse"),
        new Kind("vmdk", "subformat", "twoGbMaxExtentFlat"),
        new Kind("vhdx", "block_size", "1048576"),
        new Kind("vhdx", "subformat", "fixed"));
  }

  @TempDir Path folder;

  private static void requireSound(TestDisk disk) throws Exception {
    var checkable = disk.node().capability(Checkable.class);
    if (checkable.isPresent()) {
      var lines = new ArrayList<String>();
      var listener = new Findings(lines);
      Checkable.Result result = checkable.get().check(Checkable.Repair.NONE, listener);
      assertEquals(0, result.corruptions() + result.leaks(), () -> lines.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void holdsWhatWasWrittenNowAndWhenOpenedAgain(Kind kind) throws Exception {
    Path image = folder.resolve("disk");
    TestDisk.create(kind.format(), image, kind.creation(SIZE));
    byte[] model = new byte[SIZE];
    var random = new Random(7);
    for (int round = 0; round < 3; round++) {
      try (TestDisk disk = TestDisk.open(image, "driver", kind.format())) {
        for (int i = 0; i < 40; i++) {
          int length = 1 + random.nextInt(100_000);
          int offset = random.nextInt(SIZE - length);
          if (random.nextInt(4) == 0) {
            Arrays.fill(model, offset, offset + length, (byte) 0);
            disk.backend().writeZeroes(offset, length, 0);
          } else {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, model, offset, length);
            disk.write(offset, bytes);
          }
          if (random.nextInt(8) == 0) {
            disk.backend().flush();
          }
        }
        assertArrayEquals(model, disk.read(0, SIZE));
        requireSound(disk);
      }
      try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", kind.format())) {
        assertEquals(SIZE, disk.backend().length());
        assertArrayEquals(model, disk.read(0, SIZE));
        requireSound(disk);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void writersAtTheSameTimeDoNotDisturbEachOther(Kind kind) throws Exception {
    Path image = folder.resolve("disk");
    TestDisk.create(kind.format(), image, kind.creation(SIZE));
    int threads = 4;
    int piece = 3000;
    byte[] model = new byte[SIZE];
    for (int i = 0; i * piece < SIZE; i++) {
      Arrays.fill(model, i * piece, Math.min(SIZE, (i + 1) * piece), (byte) (i % 251 + 1));
    }
    try (TestDisk disk = TestDisk.open(image, "driver", kind.format());
        var executor = Executors.newFixedThreadPool(threads)) {
      var tasks = new ArrayList<Callable<Void>>();
      for (int thread = 0; thread < threads; thread++) {
        int first = thread;
        tasks.add(() -> {
          for (int i = first; i * piece < SIZE; i += threads) {
            disk.write(
                (long) i * piece,
                Arrays.copyOfRange(model, i * piece, Math.min(SIZE, (i + 1) * piece)));
            if (i % 500 == 0) {
              disk.backend().flush();
            }
          }
          return null;
        });
      }
      for (Future<Void> done : executor.invokeAll(tasks)) {
        done.get();
      }
    }
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY, "driver", kind.format())) {
      assertArrayEquals(model, disk.read(0, SIZE));
      requireSound(disk);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void isRecognisedByItsFirstBytes(Kind kind) throws Exception {
    Path image = folder.resolve("disk");
    TestDisk.create(kind.format(), image, kind.creation(SIZE));
    boolean onlyFooter = List.of(kind.options()).contains("fixed") && kind.format().equals("vpc");
    try (TestDisk disk = TestDisk.open(image, NodeFlags.READ_ONLY)) {
      assertEquals(onlyFooter ? "raw" : kind.format(), disk.node().driverName());
    }
  }
}
