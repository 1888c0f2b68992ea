// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import dev.strata.formats.mutation.Campaign;
import dev.strata.formats.mutation.ImageBytes;
import dev.strata.formats.mutation.Layout;
import dev.strata.formats.mutation.Seed;
import dev.strata.formats.mutation.Soundness;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged headers and tables are answered with errors, whatever is done to the image. */
final class DamagedImagesTest {
  private static final int CASES = 15;

  /** Nothing is known to be whole: what is tried is that no damage does more than fail. */
  private static final Soundness NOTHING =
      new Soundness() {
        @Override
        public boolean contains(long offset, long length) {
          return false;
        }

        @Override
        public boolean isSeparate() {
          return false;
        }
      };

  @TempDir Path folder;

  private ImageBytes image(String format, ByteOrder order, int size, String... options)
      throws Exception {
    Path path = Files.createDirectory(folder.resolve("seed")).resolve("disk");
    String[] creation = Arrays.copyOf(options, options.length + 2);
    creation[options.length] = "size";
    creation[options.length + 1] = String.valueOf(size);
    TestDisk.create(format, path, creation);
    byte[] bytes = new byte[8192];
    try (TestDisk disk = TestDisk.open(path, "driver", format)) {
      for (int at = 0; at + bytes.length <= size; at += 3 * bytes.length) {
        Arrays.fill(bytes, (byte) (at / bytes.length + 1));
        disk.write(at, bytes);
      }
    }
    return new ImageBytes(Files.readAllBytes(path), order);
  }

  private void run(String format, ImageBytes image, Layout layout) throws Exception {
    var seed = new Seed(format, format, image, layout, Map.of(), damaged -> NOTHING);
    new Campaign(seed, Files.createDirectory(folder.resolve("trials"))).run(CASES);
  }

  private static void numbers(Layout layout, String name, long offset, int width, int count) {
    for (int i = 0; i < count; i++) {
      layout.place(name, "[" + i + "]", offset + (long) i * width, width, 1);
    }
  }

  @Test
  void vdi() throws Exception {
    var layout = new Layout();
    numbers(layout, "header", 0x40, 4, 5);
    numbers(layout, "header", 0x154, 4, 14);
    numbers(layout, "map", 0x200, 4, 3);
    layout.place(0);
    layout.place(0x200);
    run("vdi", image("vdi", ByteOrder.LITTLE_ENDIAN, 3 << 20), layout);
  }

  @Test
  void vpc() throws Exception {
    var layout = new Layout();
    layout.place("footer", "data_offset", 16, 8, 1);
    numbers(layout, "header", 512, 4, 10);
    numbers(layout, "BAT", 1536, 4, 3);
    layout.place(0);
    layout.place(1536);
    run("vpc", image("vpc", ByteOrder.BIG_ENDIAN, 4 << 20, "force_size", "on"), layout);
  }

  @Test
  void qed() throws Exception {
    var layout = new Layout();
    numbers(layout, "header", 0, 4, 4);
    numbers(layout, "header", 16, 8, 6);
    numbers(layout, "L1", 4096, 8, 4);
    numbers(layout, "L2", 2 * 4096 + 8192, 8, 30);
    layout.place(4096);
    layout.place(8192);
    ImageBytes image =
        image("qed", ByteOrder.LITTLE_ENDIAN, 1 << 20, "cluster_size", "4096", "table_size", "1");
    for (int i = 0; i < 256; i++) {
      layout.place(i * 4096L);
    }
    long l2 = image.get(4096, 8);
    numbers(layout, "table", l2, 8, 64);
    run("qed", image, layout);
  }

  @Test
  void qcow() throws Exception {
    var layout = new Layout();
    numbers(layout, "header", 0, 4, 12);
    numbers(layout, "L1", 48, 8, 2);
    ImageBytes image = image("qcow", ByteOrder.BIG_ENDIAN, 1 << 20);
    long l2 = image.get(48, 8);
    numbers(layout, "L2", l2, 8, 64);
    layout.place(48);
    layout.place(l2);
    run("qcow", image, layout);
  }

  @Test
  void vmdk() throws Exception {
    damageVmdk("monolithicSparse");
  }

  @Test
  void vmdkStreams() throws Exception {
    damageVmdk("streamOptimized");
  }

  private void damageVmdk(String subformat) throws Exception {
    Path path = Files.createDirectory(folder.resolve("seed")).resolve("disk");
    TestDisk.create("vmdk", path, "subformat", subformat, "size", String.valueOf(1 << 20));
    byte[] grain = new byte[65536];
    try (TestDisk disk = TestDisk.open(path, "driver", "vmdk")) {
      for (int i = 0; i < 16; i += 3) {
        Arrays.fill(grain, (byte) (i + 1));
        disk.write(i * 65536L, grain);
      }
    }
    var image = new ImageBytes(Files.readAllBytes(path), ByteOrder.LITTLE_ENDIAN);
    var layout = new Layout();
    numbers(layout, "header", 0, 4, 3);
    numbers(layout, "header", 12, 8, 4);
    layout.place("header", "numGTEsPerGT", 44, 4, 1);
    numbers(layout, "header", 48, 8, 3);
    numbers(layout, "descriptor", 512, 4, 80);
    long redundant = image.get(48, 8) * 512;
    long directory = image.get(56, 8) * 512;
    numbers(layout, "RGD", redundant, 4, 1);
    numbers(layout, "GD", directory, 4, 1);
    numbers(layout, "GT", image.get(directory, 4) * 512, 4, 20);
    numbers(layout, "grain", 65536, 4, 4);
    layout.place(0);
    layout.place(directory);
    layout.place(65536);
    run("vmdk", image, layout);
  }

  @Test
  void vhdx() throws Exception {
    var layout = new Layout();
    numbers(layout, "metadata", 0x300000, 4, 48);
    numbers(layout, "items", 0x310000, 4, 12);
    numbers(layout, "BAT", 0x200000, 8, 3);
    layout.number("header", "checksum", 0x10004, 4);
    layout.place(0x200000);
    run("vhdx", image("vhdx", ByteOrder.LITTLE_ENDIAN, 2 << 20, "block_size", "1048576"), layout);
  }
}
