// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Checkable;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.TestDisk;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Options that say how much metadata stays in memory, and for how long. */
@Timeout(60)
class CacheOptionsTest {
  private static final int CLUSTER = 65536;
  private static final long ZERO = 1;

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void prepare() {
    image = folder.resolve("image");
  }

  private TestDisk open(String... options) throws Exception {
    var all = new String[options.length + 2];
    all[0] = "driver";
    all[1] = "qcow2";
    System.arraycopy(options, 0, all, 2, options.length);
    return TestDisk.open(image, all);
  }

  private void reopen(TestDisk disk, String... options) throws BlockException {
    disk.graph().reopen(disk.node(), disk.node().flags(), BlockOptions.of(options));
  }

  /** Has the first cluster read as zeroes, behind the back of whoever has its table in memory. */
  private void zeroFirstCluster() throws Exception {
    try (var file = FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer word = ByteBuffer.allocate(8);
      file.read(word, 40);
      file.read(word.clear(), word.getLong(0));
      long table = word.getLong(0) & 0x00ff_ffff_ffff_ff00L;
      file.read(word.clear(), table);
      file.write(word.putLong(0, word.getLong(0) | ZERO).clear(), table);
    }
  }

  @Test
  void aTableThatNobodyUsesIsDroppedAndReadAgain() throws Exception {
    TestDisk.create("qcow2", image, "size", "1M");
    try (TestDisk disk = open("cache-clean-interval", "1")) {
      disk.write(0, new byte[] {5});
      disk.backend().flush();
      assertEquals(5, disk.read(0, 1)[0]);
      zeroFirstCluster();
      assertEquals(5, disk.read(0, 1)[0], "the table is in memory");
      do {
        Thread.sleep(2500); // without using the table, which would keep it
      } while (disk.read(0, 1)[0] != 0);
    }
  }

  @Test
  void whatIsNotOnDiskYetOutlivesCleaning() throws Exception {
    TestDisk.create("qcow2", image, "size", "1G", "cluster_size", "512");
    try (TestDisk disk = open("cache-clean-interval", "1")) {
      for (int i = 0; i < 64; i++) {
        disk.write(i * 1000_000L, new byte[] {(byte) (i + 1)});
      }
      Thread.sleep(2500);
      for (int i = 0; i < 64; i++) {
        assertEquals(i + 1, disk.read(i * 1000_000L, 1)[0]);
      }
    }
    try (TestDisk disk = open()) {
      assertEquals(64, disk.read(63 * 1000_000L, 1)[0]);
      assertSound(disk);
    }
  }

  private static void assertSound(TestDisk disk) throws BlockException {
    Checkable.Result result =
        disk.node()
            .capability(Checkable.class)
            .orElseThrow()
            .check(
                Checkable.Repair.NONE,
                new Checkable.Listener() {
                  @Override
                  public void found(String line) {
                    throw new AssertionError(line);
                  }

                  @Override
                  public void progress(long done, long total) {}
                });
    assertEquals(0, result.corruptions() + result.leaks() + result.checkErrors());
  }

  @Test
  void cachesChangeWhileTheImageIsOpen() throws Exception {
    TestDisk.create("qcow2", image, "size", "256M");
    var random = new Random(7);
    var model = new byte[64];
    try (TestDisk disk = open()) {
      String[][] changes = {
        {"l2-cache-entry-size", "512", "l2-cache-size", "1024"},
        {"cache-size", "1M", "l2-cache-size", "64k", "l2-cache-entry-size", "65536"},
        {"lazy-refcounts", "on", "cache-clean-interval", "0"},
        {"overlap-check", "all", "l2-cache-entry-size", "4096"},
        {"lazy-refcounts", "off", "pass-discard-other", "on"},
      };
      for (String[] change : changes) {
        reopen(disk, change);
        for (int i = 0; i < 40; i++) {
          int block = random.nextInt(model.length);
          model[block] = (byte) random.nextInt();
          disk.write(block * 4L * 1_000_000, new byte[] {model[block]});
        }
        for (int block = 0; block < model.length; block++) {
          assertEquals(model[block], disk.read(block * 4L * 1_000_000, 1)[0]);
        }
      }
      assertSound(disk);
    }
  }

  @Test
  void whatCannotBeIsRefusedAndChangesNothing() throws Exception {
    TestDisk.create("qcow2", image, "size", "64M", "compat", "v2");
    try (TestDisk disk = open()) {
      disk.write(CLUSTER, new byte[] {9});
      for (String[] wrong :
          new String[][] {
            {"l2-cache-entry-size", "1000"},
            {"lazy-refcounts", "on"},
            {"cache-clean-interval", "99999999999"},
            {"overlap-check", "some"},
          }) {
        BlockException e = assertThrows(BlockException.class, () -> reopen(disk, wrong));
        assertTrue(e.getMessage().length() > 10, e.getMessage());
      }
      assertEquals(9, disk.read(CLUSTER, 1)[0]);
      assertSound(disk);
    }
  }
}
