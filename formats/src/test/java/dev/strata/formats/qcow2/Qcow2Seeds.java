// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Seed;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Small images that have what the format has: tables of each kind, each used in part. */
enum Qcow2Seeds {
  VERSION_2("v2", 256 << 10, "compat", "0.10", "cluster_size", "1024"),
  TINY("tiny", 96 << 10, "cluster_size", "512"),
  BIT_REFCOUNTS("refcounts-1", 128 << 10, "cluster_size", "512", "refcount_bits", "1"),
  LONG_REFCOUNTS("refcounts-64", 256 << 10, "cluster_size", "4096", "refcount_bits", "64"),
  LARGE("large", 1 << 20, "cluster_size", "65536"),
  SUBCLUSTERS("subclusters", 1 << 20, "cluster_size", "16384", "extended_l2", "on"),
  ZSTD("zstd", 256 << 10, "cluster_size", "4096", "compression_type", "zstd"),
  LAZY("lazy", 256 << 10, "cluster_size", "2048", "lazy_refcounts", "on"),
  DATA_FILE("data-file", 512 << 10, "cluster_size", "4096", "data_file", Seed.DATA_FILE),
  RAW_DATA_FILE(
      "raw-data-file",
      512 << 10,
      "cluster_size",
      "4096",
      "data_file",
      Seed.DATA_FILE,
      "data_file_raw",
      "on"),
  BACKED(
      "backed",
      256 << 10,
      "cluster_size",
      "2048",
      "backing_file",
      "base.raw",
      "backing_fmt",
      "raw");

  private final String title;
  private final int size;
  private final String[] options;

  Qcow2Seeds(String title, int size, String... options) {
    this.title = title;
    this.size = size;
    this.options = options;
  }

  /** Makes it; {@code folder} is empty. */
  Seed make(Path folder) throws IOException {
    byte[] base = new byte[size * 3 / 4];
    Arrays.fill(base, (byte) 0xba);
    if (this == BACKED) {
      Files.write(folder.resolve("base.raw"), base);
    }
    Path path = folder.resolve("disk.qcow2");
    String[] all = Arrays.copyOf(options, options.length + 2);
    all[options.length] = "size";
    all[options.length + 1] = String.valueOf(size);
    int dataFile = Arrays.asList(all).indexOf(Seed.DATA_FILE);
    if (dataFile >= 0) {
      all[dataFile] = folder.resolve(Seed.DATA_FILE).toString();
    }
    TestDisk.create("qcow2", path, all);
    try (TestDisk disk = TestDisk.open(path, Seed.options("qcow2", folder, dataFile >= 0))) {
      if (dataFile >= 0) {
        nameDataFile(disk);
      }
      fill(disk);
    }
    if (this == LAZY) {
      // As if its writer had died.
      byte[] bytes = Files.readAllBytes(path);
      bytes[79] |= 1;
      Files.write(path, bytes);
    }
    var image = new ImageBytes(Files.readAllBytes(path), ByteOrder.BIG_ENDIAN);
    return new Seed(
        "qcow2-" + title,
        "qcow2",
        image,
        Qcow2Layout.of(image),
        Seed.filesBeside(path),
        Qcow2Soundness::new);
  }

  /** By its name alone, as long in each run as in the others. */
  private static void nameDataFile(TestDisk disk) throws BlockException {
    disk.node()
        .capability(Amendable.class)
        .orElseThrow()
        .amend(BlockOptions.of("data_file", Seed.DATA_FILE), false, (done, total) -> {});
  }

  /** Data, zeroes, compressed clusters, holes; then snapshots, with changes; then bitmaps. */
  private void fill(TestDisk disk) throws BlockException {
    var random = new SplittableRandom(ordinal());
    int sixteenth = size / 16;
    for (int part = 0; part < 16; part++) {
      long offset = (long) part * sixteenth;
      switch (part % 5) {
        case 0, 1 -> disk.write(offset, bytes(random, sixteenth));
        case 2 -> disk.backend().writeZeroes(offset, sixteenth, 0);
        case 3 -> compress(disk, offset, sixteenth);
        default -> disk.write(offset + 512, bytes(random, 512)); // the rest is unallocated
      }
    }
    if (this != DATA_FILE && this != RAW_DATA_FILE && this != BIT_REFCOUNTS) {
      snapshot(disk, "one");
      disk.write(sixteenth, bytes(random, sixteenth));
      disk.backend().discard(3L * sixteenth, sixteenth);
      snapshot(disk, "two");
      disk.write(2L * sixteenth, bytes(random, sixteenth));
    }
    if (this != VERSION_2) {
      bitmap(disk, "dirty", 512, true);
      bitmap(disk, "frozen", 4096, false);
      disk.write(4L * sixteenth, bytes(random, 512));
    }
  }

  private void compress(TestDisk disk, long offset, int length) throws BlockException {
    if (this == DATA_FILE || this == RAW_DATA_FILE) {
      return;
    }
    int cluster = (int) disk.node().capability(ImageInfo.class).orElseThrow().clusterSize();
    for (int at = 0; at < length; at += cluster) {
      byte[] bytes = new byte[cluster];
      Arrays.fill(bytes, (byte) ((offset + at) >> 9));
      disk.backend().write(offset + at, IoVector.of(bytes), RequestFlags.COMPRESSED);
    }
  }

  private static void snapshot(TestDisk disk, String name) throws BlockException {
    disk.node()
        .capability(SnapshotStore.class)
        .orElseThrow()
        .createSnapshot(new Snapshot("", name, 0, 1_600_000_000, 5, 7, 11, 0));
  }

  private static void bitmap(TestDisk disk, String name, long granularity, boolean enabled)
      throws BlockException {
    var bitmap = new DirtyBitmap(name, granularity, disk.backend().length());
    bitmap.keep(true);
    bitmap.enable(enabled);
    bitmap.mark(disk.backend().length() / 3, 5000);
    disk.node().bitmaps().add(bitmap);
  }

  private static byte[] bytes(SplittableRandom random, int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
