// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.copybeforewrite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.file.FileFactory;
import dev.strata.block.filter.snapshotaccess.SnapshotAccessFactory;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A disk that is written on, and its snapshot. */
final class CopyBeforeWriteTest {
  private static final int CLUSTER = 1 << 16;
  private static final int SIZE = 32 * CLUSTER + 512;

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final BlockGraph graph =
      new BlockGraph(
          new DriverRegistry(
              List.of(
                  new FileFactory(memory),
                  new CopyBeforeWriteFactory(),
                  new SnapshotAccessFactory())),
          line -> {});
  private final byte[] before = new byte[SIZE];
  private BlockBackend disk;
  private BlockBackend snapshot;

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(before);
    Files.write(memory.getPath("/work/a"), before);
    Files.write(memory.getPath("/work/t"), new byte[SIZE]);
    disk =
        use(
            "driver", "copy-before-write",
            "node-name", "cbw",
            "file.driver", "file",
            "file.filename", "/work/a",
            "target.driver", "file",
            "target.filename", "/work/t");
    snapshot = use("driver", "snapshot-access", "file", "cbw", "read-only", "on");
  }

  private BlockBackend use(String... options) throws BlockException {
    BlockNode node =
        graph.open(
            new OpenRequest(
                null, BlockOptions.of(options), Disk.WRITABLE, false, true, OpenGate.DENY));
    EnumSet<Permission> needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (node.flags().writable()) {
      needed.add(Permission.WRITE);
    }
    return graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
  }

  @AfterEach
  void close() throws BlockException {
    graph.close();
  }

  private byte[] readSnapshot(int offset, int length) throws BlockException {
    byte[] found = new byte[length];
    snapshot.read(offset, IoVector.of(found), 0);
    return found;
  }

  private void assertSnapshot(int offset, int length) throws BlockException {
    assertArrayEquals(
        Arrays.copyOfRange(before, offset, offset + length), readSnapshot(offset, length));
  }

  @Test
  void snapshotStaysWhateverIsWritten() throws IOException {
    disk.write(100, IoVector.of(new byte[3 * CLUSTER]), 0);
    disk.writeZeroes(10 * CLUSTER, CLUSTER, 0);
    disk.discard(20 * CLUSTER, CLUSTER);
    disk.write(SIZE - 5, IoVector.of(new byte[5]), 0); // the last cluster is not whole
    assertSnapshot(0, SIZE);
    byte[] now = new byte[3 * CLUSTER];
    disk.read(100, IoVector.of(now), 0);
    assertArrayEquals(new byte[3 * CLUSTER], now);
  }

  @Test
  void onlyClustersThatAreWrittenAreCopied() throws IOException {
    disk.write(CLUSTER, IoVector.of(new byte[1]), 0);
    byte[] copied = Files.readAllBytes(memory.getPath("/work/t"));
    byte[] expected = new byte[SIZE];
    System.arraycopy(before, CLUSTER, expected, CLUSTER, CLUSTER);
    assertArrayEquals(expected, copied);
  }

  @Test
  void snapshotIsTheSameForReadersAmongWriters() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
      List<Future<Void>> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        var random = new Random(i);
        boolean writes = i % 2 == 0;
        Callable<Void> work = () -> hammer(random, writes);
        all.add(threads.submit(work));
      }
      for (Future<Void> each : all) {
        each.get();
      }
    }
    assertSnapshot(0, SIZE);
  }

  private Void hammer(Random random, boolean writes) throws BlockException {
    for (int i = 0; i < 400; i++) {
      int length = 1 + random.nextInt(3 * CLUSTER);
      int offset = random.nextInt(SIZE - length);
      if (writes) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        disk.write(offset, IoVector.of(bytes), 0);
      } else {
        assertSnapshot(offset, length);
      }
    }
    return null;
  }

  @Test
  void snapshotIsReadOnlyAndOfOneSize() {
    assertEquals(
        Errno.EPERM,
        assertThrows(BlockException.class, () -> snapshot.write(0, IoVector.of(new byte[1]), 0))
            .errno());
    assertEquals((SIZE + 511) / 512 * 512, snapshot.length());
  }
}
