// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.option.BlockOptions;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Sound images, made by our own code where it makes such images. */
final class Seeds {
  static final String BASE = "base";
  static final String DATA = "data";

  private static final int SECTOR = 512;
  private static final byte[] BASE_CONTENT = filled(96 << 10, 5);
  private static final byte[] DATA_CONTENT = filled(64 << 10, 6);

  private Seeds() {}

  /** A raw image that others stand on. */
  static byte[] base() {
    return BASE_CONTENT;
  }

  /** A data file that others use. */
  static byte[] data() {
    return DATA_CONTENT;
  }

  static byte[] filled(int length, int value) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  static List<byte[]> qcow2() {
    var all = new ArrayList<byte[]>();
    all.add(qcow2(512, 64, false, "compat", "0.10"));
    all.add(qcow2(512, 64, false));
    all.add(qcow2(4096, 32, true));
    all.add(qcow2(4096, 32, true, "lazy_refcounts", "on", "refcount_bits", "1"));
    all.add(qcow2(512, 64, false, "refcount_bits", "64"));
    all.add(qcow2(16384, 8, true, "extended_l2", "on"));
    all.add(qcow2(4096, 32, true, "data_file", DATA));
    all.add(qcow2(4096, 32, true, "data_file", DATA, "data_file_raw", "on"));
    all.add(qcow2(4096, 32, true, "compression_type", "zstd"));
    all.add(qcow2(4096, 32, true, "backing_file", BASE, "backing_fmt", "raw"));
    all.add(qcow2(8192, 16, true, "preallocation", "metadata"));
    return all;
  }

  private static byte[] qcow2(int cluster, int clusters, boolean rich, String... options) {
    var creation = new ArrayList<>(List.of(options));
    creation.addAll(List.of("cluster_size", String.valueOf(cluster)));
    creation.addAll(List.of("size", String.valueOf((long) cluster * clusters)));
    boolean external = creation.contains("data_file");
    var disk = new Disk();
    OneFolder folder = disk.folder(true).with(BASE, base().clone());
    try {
      try (BlockGraph graph = Disk.graph(folder)) {
        graph.create(
            graph.drivers().require("qcow2"),
            Disk.IMAGE,
            BlockOptions.of(creation.toArray(String[]::new)));
      }
      boolean preallocated = creation.contains("preallocation");
      fill(disk, cluster, external || preallocated, rich && !creation.contains("1"));
    } catch (BlockException e) {
      throw new UncheckedIOException(e);
    }
    return folder.content(Disk.IMAGE);
  }

  private static void fill(Disk disk, int cluster, boolean whole, boolean snapshots)
      throws BlockException {
    disk.use(
        true,
        true,
        BlockOptions.of("driver", "qcow2"),
        backend -> {
          if (!whole) {
            backend.write(0, IoVector.of(filled(cluster, 1)), RequestFlags.COMPRESSED);
            backend.write(5L * cluster, IoVector.of(filled(cluster, 2)), RequestFlags.COMPRESSED);
          }
          backend.write(2L * cluster, IoVector.of(filled(2 * cluster, 3)), 0);
          if (snapshots && !whole) {
            SnapshotStore store = backend.node().capability(SnapshotStore.class).orElseThrow();
            store.createSnapshot(
                new SnapshotStore.Snapshot("", "one", 0, 1, 0, 0, -1, backend.length()));
            backend.write(3L * cluster, IoVector.of(filled(cluster, 4)), 0);
          }
          if (snapshots) {
            var bitmap = new DirtyBitmap("bits", 512, backend.length());
            bitmap.keep(true);
            bitmap.mark(cluster, cluster);
            backend.node().bitmaps().add(bitmap);
          }
        });
  }

  static List<byte[]> parallels() {
    var all = new ArrayList<byte[]>();
    all.add(parallels(512, 64));
    all.add(parallels(4096, 32));
    byte[] old = parallels(4096, 32);
    System.arraycopy("WithoutFreeSpace".getBytes(StandardCharsets.US_ASCII), 0, old, 0, 16);
    all.add(old);
    all.add(withExtension(parallels(4096, 32), 4096));
    return all;
  }

  private static byte[] parallels(int cluster, int clusters) {
    var disk = new Disk();
    OneFolder folder = disk.folder(true);
    try {
      try (BlockGraph graph = Disk.graph(folder)) {
        graph.create(
            graph.drivers().require("parallels"),
            Disk.IMAGE,
            BlockOptions.of(
                "size", String.valueOf((long) cluster * clusters),
                "cluster_size", String.valueOf(cluster)));
      }
      BlockOptions options = BlockOptions.of("driver", "parallels", "prealloc-size", "4096");
      disk.use(
          true,
          true,
          options,
          backend -> {
            backend.write(0, IoVector.of(filled(cluster, 1)), 0);
            backend.write(5L * cluster, IoVector.of(filled(2 * cluster, 2)), 0);
          });
    } catch (BlockException e) {
      throw new UncheckedIOException(e);
    }
    return folder.content(Disk.IMAGE);
  }

  /** Adds an extension with one bitmap. */
  private static byte[] withExtension(byte[] image, int cluster) {
    int at = (image.length + cluster - 1) / cluster * cluster;
    byte[] longer = Arrays.copyOf(image, at + 2 * cluster);
    ByteBuffer bytes = ByteBuffer.wrap(longer).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(56, at / SECTOR);
    bytes.position(at).putLong(0xAB234CEF23DCEA87L).putLong(0).putLong(0);
    bytes.putLong(0x20385FAE252CB34AL).putLong(0).putInt(40).putInt(0);
    bytes.putLong(bytes.getLong(36)).putLong(1).putLong(2); // size, id
    bytes.putInt(8).putInt(1).putLong((at + cluster) / SECTOR);
    longer[at + cluster] = 5;
    return Checksums.parallels(longer);
  }

  /** With three key slots in use, in two ciphers; a passphrase is derived as quickly as may be. */
  static List<byte[]> luks() {
    String[] ways = {
      "cipher-alg=aes-256", "cipher-alg=serpent-128,cipher-mode=cbc,ivgen-alg=essiv"
    };
    var all = new ArrayList<byte[]>();
    for (String way : ways) {
      var options = BlockOptions.of("size", "8192", "key-secret", "key", "iter-time", "10");
      for (String option : way.split(",", -1)) {
        String[] parts = option.split("=", 2);
        options.put(parts[0], parts[1]);
      }
      all.add(locked(options));
    }
    return all;
  }

  private static byte[] locked(BlockOptions options) {
    OneFolder folder = new Disk().folder(true);
    try (BlockGraph graph = Disk.graph(folder)) {
      graph.objects().define(ObjectProperties.parse("secret,id=key,data=1234"));
      graph.create(graph.drivers().require("luks"), Disk.IMAGE, options);
    } catch (BlockException e) {
      throw new UncheckedIOException(e);
    }
    return folder.content(Disk.IMAGE);
  }

  static List<byte[]> qcow() {
    return List.of(
        made("qcow", 4096, 32, "size", "131072"),
        made("qcow", 512, 64, "size", "32768", "backing_file", BASE, "backing_fmt", "raw"));
  }

  static List<byte[]> qed() {
    return List.of(
        made("qed", 4096, 32, "size", "131072", "cluster_size", "4096", "table_size", "2"),
        made(
            "qed",
            4096,
            32,
            "size",
            "131072",
            "cluster_size",
            "4096",
            "table_size",
            "2",
            "backing_file",
            BASE,
            "backing_fmt",
            "raw"));
  }

  static List<byte[]> vdi() {
    return List.of(
        made("vdi", 0, 0, "size", "8M"),
        made("vdi", 4096, 8, "size", "3M"),
        made("vdi", 0, 0, "size", "1M", "preallocation", "metadata"));
  }

  static List<byte[]> vpc() {
    return List.of(
        made("vpc", 0, 0, "size", "64M", "force_size", "on"),
        made("vpc", 4096, 8, "size", "2M", "force_size", "on"),
        made("vpc", 4096, 8, "size", "128k", "subformat", "fixed", "force_size", "on"));
  }

  static List<byte[]> vhdx() {
    return List.of(
        made("vhdx", 0, 0, "size", "64M", "block_size", "1M"),
        made("vhdx", 4096, 8, "size", "2M", "block_size", "1M"));
  }

  /** Where a VHDX has headers, region tables, log, metadata and map, as {@link #vhdx} has them. */
  static final int[] VHDX_PLACES = {
    64 << 10, 128 << 10, 192 << 10, 256 << 10, 1 << 20, 2 << 20, 3 << 20, (3 << 20) + (64 << 10)
  };

  /** An image with some data, if {@code cluster} says how much. */
  private static byte[] made(String format, int cluster, int clusters, String... options) {
    var disk = new Disk();
    OneFolder folder = disk.folder(true).with(BASE, base().clone());
    try {
      try (BlockGraph graph = Disk.graph(folder)) {
        graph.create(graph.drivers().require(format), Disk.IMAGE, BlockOptions.of(options));
      }
      if (cluster > 0) {
        disk.use(
            true,
            true,
            BlockOptions.of("driver", format),
            backend -> {
              backend.write(0, IoVector.of(filled(cluster, 1)), 0);
              backend.write((clusters - 2L) * cluster, IoVector.of(filled(2 * cluster, 2)), 0);
            });
      }
    } catch (BlockException e) {
      throw new UncheckedIOException(e);
    }
    return folder.content(Disk.IMAGE);
  }
}
