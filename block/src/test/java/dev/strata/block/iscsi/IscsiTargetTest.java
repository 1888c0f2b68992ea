// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.NodeFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Units of a real target. */
@Timeout(120)
class IscsiTargetTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;

  @BeforeEach
  void targetIsInstalled() {
    Tgtd.assumeInstalled();
  }

  private static Disk open(int port, NodeFlags flags, String... more) throws BlockException {
    var options =
        new ArrayList<>(
            List.of("driver", "iscsi", "transport", "tcp", "portal", "127.0.0.1:" + port));
    options.addAll(List.of("target", Tgtd.TARGET, "lun", "1"));
    options.addAll(Arrays.asList(more));
    return Disk.open(List.of(new IscsiFactory()), flags, options.toArray(String[]::new));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void whatIsWrittenIsWhatTheTargetStores() throws Exception {
    byte[] content = random(4 * MIB);
    try (Tgtd target = Tgtd.start(folder, 8 * MIB);
        Disk disk = open(target.port(), Disk.WRITABLE)) {
      assertEquals(8 * MIB, disk.backend().length());
      disk.backend().write(MIB, IoVector.of(content), 0);
      disk.backend().write(7, IoVector.of(new byte[] {1, 2, 3}), 0); // within a block
      assertArrayEquals(content, disk.read(MIB, content.length));
      disk.backend().flush();
      byte[] stored = Files.readAllBytes(target.disk());
      assertArrayEquals(content, Arrays.copyOfRange(stored, MIB, 5 * MIB));
      assertArrayEquals(new byte[] {0, 1, 2, 3, 0}, Arrays.copyOfRange(stored, 6, 11));
    }
  }

  @Test
  void blocksOf4096BytesAreReadAndWrittenWhole() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB, "--blocksize", "4096");
        Disk disk = open(target.port(), Disk.WRITABLE)) {
      disk.write(4000, 200, 9);
      assertArrayEquals(Disk.filled(200, 9), disk.read(4000, 200));
      assertArrayEquals(new byte[100], disk.read(3900, 100));
    }
  }

  /** The library gets the vector; nothing is copied together. */
  @Test
  void aVectorOfManySegmentsIsOneCommand() throws Exception {
    byte[] content = random(100 * 512);
    try (Tgtd target = Tgtd.start(folder, MIB);
        var proxy = new PduProxy(target.port());
        Disk disk = open(proxy.port(), Disk.WRITABLE);
        Arena memory = Arena.ofConfined()) {
      List<MemorySegment> parts = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        MemorySegment part = memory.allocate(512, 512);
        part.copyFrom(MemorySegment.ofArray(content).asSlice(i * 512L, 512));
        parts.add(part);
      }
      proxy.reset();
      disk.backend().write(512, IoVector.of(parts), 0);
      parts.forEach(part -> part.fill((byte) 0));
      disk.backend().read(512, IoVector.of(parts), 0);
      assertEquals(1, proxy.count(PduProxy.WRITE_16));
      assertEquals(1, proxy.count(PduProxy.READ_16));
      byte[] read = new byte[content.length];
      IoVector.of(parts).copyTo(0, MemorySegment.ofArray(read));
      assertArrayEquals(content, read);
    }
  }

  /** No thread of the system's for each: virtual threads wait for a thousand commands. */
  @Test
  void manyRequestsAreInFlightAtOnce() throws Exception {
    int count = 1000;
    int size = 4096;
    try (Tgtd target = Tgtd.start(folder, (long) count * size);
        Disk disk = open(target.port(), Disk.WRITABLE);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int number = i;
        work.add(() -> {
          disk.write((long) number * size, size, number % 251 + 1);
          byte[] read = disk.read((long) number * size, size);
          return Arrays.equals(Disk.filled(size, number % 251 + 1), read);
        });
      }
      for (Future<Boolean> done : threads.invokeAll(work)) {
        assertTrue(done.get());
      }
    }
  }

  @Test
  void aWriteThatMustGoThroughIsOneCommandWhereTheTargetHasForceUnitAccess() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB);
        var proxy = new PduProxy(target.port());
        Disk disk = open(proxy.port(), Disk.WRITABLE)) {
      proxy.reset();
      for (int i = 0; i < 20; i++) {
        disk.backend().write(i * 4096L, IoVector.of(random(4096)), RequestFlags.FUA);
      }
      assertEquals(20, proxy.count(PduProxy.WRITE_16));
      assertEquals(20, proxy.writesThrough());
      assertEquals(0, proxy.count(PduProxy.SYNCHRONIZE_CACHE_10));
      disk.write(0, 4096, 1);
      disk.backend().flush();
      assertEquals(21, proxy.count(PduProxy.WRITE_16));
      assertEquals(20, proxy.writesThrough());
      assertEquals(1, proxy.count(PduProxy.SYNCHRONIZE_CACHE_10));
    }
  }

  @Test
  void requestsOutliveTheirConnection() throws Exception {
    int count = 64;
    int size = 64 * 1024;
    try (Tgtd target = Tgtd.start(folder, (long) count * size);
        var proxy = new PduProxy(target.port());
        Disk disk = open(proxy.port(), Disk.WRITABLE);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      proxy.reset();
      proxy.cutAfter(10);
      List<Callable<Boolean>> work = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int number = i;
        work.add(() -> {
          disk.write((long) number * size, size, number + 1);
          return true;
        });
      }
      for (Future<Boolean> done : threads.invokeAll(work)) {
        assertTrue(done.get());
      }
      assertEquals(2, proxy.connections());
      for (int i = 0; i < count; i++) {
        assertArrayEquals(Disk.filled(size, i + 1), disk.read((long) i * size, size));
      }
    }
  }

  @Test
  void anIdleConnectionThatIsCutIsMadeAgainForTheNextRequest() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB);
        var proxy = new PduProxy(target.port());
        Disk disk = open(proxy.port(), Disk.WRITABLE)) {
      disk.write(0, 512, 7);
      proxy.cutAfter(0);
      assertArrayEquals(Disk.filled(512, 7), disk.read(0, 512));
      assertEquals(2, proxy.connections());
    }
  }

  @Test
  void aThinUnitTellsWhatIsMappedAndIsGivenBackByDiscardAndZeroes() throws Exception {
    try (Tgtd target = Tgtd.start(folder, 8 * MIB)) {
      target.set("thin_provisioning=1");
      try (var proxy = new PduProxy(target.port());
          Disk disk = open(proxy.port(), Disk.WRITABLE)) {
        disk.write(MIB, MIB, 1);
        disk.write(4 * MIB, MIB, 2);
        disk.backend().flush();
        Extent hole = disk.backend().status(0, 8 * MIB, StatusDetail.ZEROES);
        assertTrue(hole.zero() && !hole.data());
        assertEquals(MIB, hole.length());
        Extent data = disk.backend().status(MIB + 100, 8 * MIB - 100, StatusDetail.ZEROES);
        assertTrue(data.data() && !data.zero());
        disk.backend().discard(MIB, MIB);
        assertEquals(1, proxy.count(PduProxy.UNMAP));
        disk.backend().writeZeroes(4 * MIB, MIB, RequestFlags.MAY_UNMAP);
        assertEquals(1, proxy.count(PduProxy.WRITE_SAME_16));
        assertArrayEquals(new byte[MIB], disk.read(4 * MIB, MIB));
        Extent rest = disk.backend().status(0, 8 * MIB, StatusDetail.ZEROES);
        assertFalse(rest.data());
      }
    }
  }

  @Test
  void zeroesAreOneBlockThatTheTargetWritesOverAndOver() throws Exception {
    try (Tgtd target = Tgtd.start(folder, 8 * MIB);
        var proxy = new PduProxy(target.port());
        Disk disk = open(proxy.port(), Disk.WRITABLE)) {
      disk.write(0, 4 * MIB, 1);
      proxy.reset();
      disk.backend().writeZeroes(512, 2 * MIB, 0);
      assertEquals(1, proxy.count(PduProxy.WRITE_SAME_16));
      assertEquals(0, proxy.count(PduProxy.WRITE_16));
      assertArrayEquals(Disk.filled(512, 1), disk.read(0, 512));
      assertArrayEquals(new byte[2 * MIB], disk.read(512, 2 * MIB));
      assertArrayEquals(Disk.filled(512, 1), disk.read(2 * MIB + 512, 512));
    }
  }

  @Test
  void aWriteProtectedUnitIsReadOnly() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB)) {
      target.set("readonly=1");
      var e = assertThrows(BlockException.class, () -> open(target.port(), Disk.WRITABLE));
      assertEquals("LUN is write protected", e.getMessage());
      assertEquals(Errno.EACCES, e.errno());
      try (Disk disk = open(target.port(), NodeFlags.READ_ONLY)) {
        assertArrayEquals(new byte[512], disk.read(0, 512));
      }
    }
  }

  @Test
  void theSizeIsTheTargets() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB);
        Disk disk = open(target.port(), Disk.WRITABLE)) {
      disk.backend().truncate(MIB, true, Preallocation.OFF, 0);
      var e =
          assertThrows(
              BlockException.class,
              () -> disk.backend().truncate(2 * MIB, true, Preallocation.OFF, 0));
      assertEquals("Cannot resize iSCSI devices", e.getMessage());
      e =
          assertThrows(
              BlockException.class,
              () -> disk.backend().truncate(2 * MIB, false, Preallocation.OFF, 0));
      assertEquals("Cannot grow iSCSI devices", e.getMessage());
    }
  }

  @Test
  void whoHasAPasswordLogsIn() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB)) {
      target.admin("--op", "new", "--mode", "account", "--user", "me", "--password", "longsecret1");
      target.admin("--op", "bind", "--mode", "account", "--tid", "1", "--user", "me");
      String refused =
          "iSCSI: Failed to connect to LUN : Failed to log in to target."
              + " Status: Authentication failure(513)";
      var e = assertThrows(BlockException.class, () -> open(target.port(), NodeFlags.READ_ONLY));
      assertEquals(refused, e.getMessage());
      e =
          assertThrows(
              BlockException.class,
              () ->
                  open(
                      target.port(), NodeFlags.READ_ONLY, "user", "me", "password", "wrongsecret"));
      assertEquals(refused, e.getMessage());
      String[] right = {"user", "me", "password", "longsecret1", "header-digest", "crc32c"};
      try (Disk disk = open(target.port(), NodeFlags.READ_ONLY, right)) {
        assertArrayEquals(new byte[512], disk.read(0, 512));
      }
    }
  }

  @Test
  void headersHaveADigestIfThatIsWanted() throws Exception {
    try (Tgtd target = Tgtd.start(folder, MIB);
        Disk disk = open(target.port(), Disk.WRITABLE, "header-digest", "crc32c")) {
      disk.write(0, MIB, 3);
      assertArrayEquals(Disk.filled(MIB, 3), disk.read(0, MIB));
    }
  }
}
