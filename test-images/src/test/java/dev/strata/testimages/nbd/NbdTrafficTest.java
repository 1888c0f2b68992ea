// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many requests at once on real servers, each reply held against what was written. */
@Timeout(300)
final class NbdTrafficTest {
  private static final int KIB = 1024;
  private static final int THREADS = 40; // more than one connection's worth
  private static final int ROOM = 512 * KIB; // of each thread

  @TempDir private Path folder;

  private static DiskImage open(String name) throws BlockException {
    return ImageFile.of(name).format("raw").forWriting().open();
  }

  @Test
  void structuredRepliesOfQemuNbdReachTheRequestsTheyAreFor() throws Exception {
    Path image = folder.resolve("a.raw");
    Files.write(image, new byte[THREADS * ROOM]);
    try (NbdServer server = NbdServer.qemu(folder, "s", "-f", "raw", image.toString())) {
      String uri = server.uri("");
      try (DiskImage disk = open(uri)) {
        traffic(disk);
      }
    }
  }

  @Test
  void repliesOfNbdkitOutOfOrderReachTheRequestsTheyAreFor() throws Exception {
    String[] options = {"--filter=delay", "memory", "20M", "rdelay=1ms"};
    try (NbdServer server = NbdServer.nbdkit(folder, "s", options)) {
      try (DiskImage disk = open(server.uri(""))) {
        traffic(disk);
      }
    }
  }

  @Test
  void simpleRepliesReachTheRequestsTheyAreFor() throws Exception {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "--no-sr", "memory", "20M")) {
      try (DiskImage disk = open(server.uri(""))) {
        traffic(disk);
      }
    }
  }

  /** Each thread writes and reads back in a part of the disk of its own. */
  private static void traffic(DiskImage disk) throws Exception {
    List<Callable<Void>> work = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      long start = (long) i * ROOM;
      var random = new SplittableRandom(i);
      work.add(() -> {
        byte[] mirror = new byte[ROOM];
        for (int round = 0; round < 60; round++) {
          int at = 512 * random.nextInt(ROOM / 512 - 256);
          int length = 512 * (1 + random.nextInt(256));
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          disk.write(start + at, ByteBuffer.wrap(bytes));
          System.arraycopy(bytes, 0, mirror, at, length);
          int from = 512 * random.nextInt(ROOM / 512 - 256);
          byte[] read = new byte[512 * (1 + random.nextInt(256))];
          disk.read(start + from, ByteBuffer.wrap(read));
          byte[] expected = new byte[read.length];
          System.arraycopy(mirror, from, expected, 0, read.length);
          assertArrayEquals(expected, read);
        }
        return null;
      });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<Void> each : threads.invokeAll(work)) {
        each.get();
      }
    }
  }

  @Test
  void requestsGoOnWhenTheServerIsBackInTime() throws Exception {
    Path image = folder.resolve("a.raw");
    Files.write(image, new byte[1024 * KIB]);
    String[] options = {"-f", "raw", image.toString()};
    NbdServer first = NbdServer.qemu(folder, "s", options);
    String name =
        "json:{'driver': 'raw', 'file': {'driver': 'nbd', 'reconnect-delay': 60, 'path': '"
            + first.socket()
            + "'}}";
    DiskImage disk = ImageFile.of(name.replace('\'', '"')).forWriting().open();
    disk.write(0, ByteBuffer.wrap("before".getBytes(UTF_8)));
    first.kill();
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<byte[]> read =
          threads.submit(() -> {
            byte[] bytes = new byte[6];
            disk.read(0, ByteBuffer.wrap(bytes));
            return bytes;
          });
      try (NbdServer second = NbdServer.qemu(folder, "s", options);
          disk) { // is flushed when it is closed, for which the server has to be there
        assertEquals(first.socket(), second.socket());
        assertEquals("before", new String(read.get(), UTF_8));
      }
    }
  }

  @Test
  void requestsFailAtOnceWhenTheServerIsGone() throws Exception {
    NbdServer server = NbdServer.nbdkit(folder, "s", "memory", "1M");
    try (DiskImage disk = open(server.uri(""))) {
      server.kill();
      for (int i = 0; i < 3; i++) {
        BlockException e =
            assertThrows(BlockException.class, () -> disk.read(0, ByteBuffer.allocate(512)));
        assertEquals(Errno.EIO, e.errno());
      }
    } finally {
      server.close();
    }
  }

  @Test
  void whatIsWrittenThroughOneClientIsReadByAnother() throws IOException {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "memory", "1M")) {
      try (DiskImage disk = open(server.uri(""));
          DiskImage other = open(server.uri(""))) {
        byte[] bytes = new byte[4 * KIB];
        new SplittableRandom(1).nextBytes(bytes);
        disk.write(512, ByteBuffer.wrap(bytes));
        disk.flush();
        byte[] read = new byte[bytes.length];
        other.read(512, ByteBuffer.wrap(read));
        assertArrayEquals(bytes, read);
      }
    }
  }
}
