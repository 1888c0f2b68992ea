// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blklogwrites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.file.FileFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The oracle is the kernel's description of the format. */
class BlklogwritesTest {
  private static final long MAGIC = 0x6a736677736872L;

  private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
  private final Path log = memory.getPath("/work/log");
  private final List<BlockDriverFactory> drivers =
      List.of(new FileFactory(memory), new BlklogwritesFactory());

  BlklogwritesTest() throws IOException {
    Files.write(memory.getPath("/work/a"), new byte[1 << 20]);
    Files.write(log, new byte[0]);
  }

  private Disk open(String... more) throws BlockException {
    var options =
        new ArrayList<>(
            List.of(
                "driver", "blklogwrites",
                "file.filename", "/work/a",
                "log.filename", "/work/log"));
    options.addAll(Arrays.asList(more));
    return Disk.open(drivers, Disk.WRITABLE, options.toArray(String[]::new));
  }

  /** {@code sector+count/flags} of each entry, and the first byte of its data. */
  private List<String> entries() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(MAGIC, bytes.getLong(0));
    assertEquals(1, bytes.getLong(8));
    long count = bytes.getLong(16);
    int sector = bytes.getInt(24);
    var entries = new ArrayList<String>();
    int at = sector;
    for (long i = 0; i < count; i++) {
      long flags = bytes.getLong(at + 16);
      long sectors = bytes.getLong(at + 8);
      String entry = bytes.getLong(at) + "+" + sectors + "/" + flags;
      at += sector;
      if ((flags & WriteLog.DISCARD) == 0 && sectors > 0) {
        entry += " " + bytes.get(at);
        at += (int) sectors * sector;
      }
      entries.add(entry);
    }
    return entries;
  }

  @Test
  void everyChangeIsLoggedInItsOrder() throws IOException {
    try (Disk disk = open()) {
      disk.write(0, 4096, 1);
      disk.write(1536, 1000, 2); // ends within a sector, which is written whole
      disk.backend().writeZeroes(8192, 4096, 0);
      disk.backend().flush();
      disk.backend().write(4096, IoVector.of(Disk.filled(512, 5)), RequestFlags.FUA);
    }
    assertEquals(List.of("0+8/0 1", "3+2/0 2", "16+8/0 0", "0+0/1", "8+1/0 5", "0+0/1"), entries());
  }

  @Test
  void aLogGoesOnWhereItEnded() throws IOException {
    try (Disk disk = open("log-sector-size", "4096")) {
      disk.write(8192, 4096, 1);
    }
    try (Disk disk = open("log-append", "on")) {
      disk.write(100, 10, 2);
    }
    assertEquals(List.of("2+1/0 1", "0+0/1", "0+1/0 0", "0+0/1"), entries());
  }

  @Test
  void readingLeavesNoTrace() throws IOException {
    try (Disk disk = open()) {
      disk.read(0, 4096);
    }
    assertEquals(0, Files.size(log));
  }

  private static void assertFails(String message, Executable e) {
    assertEquals(message, assertThrows(BlockException.class, e).getMessage());
  }

  private void writeLog(long magic, long version, long entries, int sectorSize, long... entry)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(magic).putLong(version).putLong(entries).putInt(sectorSize).position(512);
    for (long value : entry) {
      bytes.putLong(value);
    }
    Files.write(log, bytes.array());
  }

  @Test
  void aLogThatIsNoneIsRefused() throws IOException {
    writeLog(1, 1, 0, 512);
    assertFails("Invalid log superblock magic", () -> open("log-append", "on"));
    writeLog(MAGIC, 2, 0, 512);
    assertFails("Unsupported log version 2", () -> open("log-append", "on"));
    writeLog(MAGIC, 1, 0, 1000);
    assertFails("Invalid log sector size 1000", () -> open("log-append", "on"));
    writeLog(MAGIC, 1, 1, 512, 0, 2, 64, 0);
    assertFails("Invalid flags 0x40 in log entry 0", () -> open("log-append", "on"));
    writeLog(MAGIC, 1, 2, 512, 0, 1L << 40, 0, 0);
    assertFails("Log entry 1 lies beyond the end of the log", () -> open("log-append", "on"));
    writeLog(MAGIC, 1, 2, 512, 0, -1, 0, 0);
    assertFails("Log entry 0 lies beyond the end of the log", () -> open("log-append", "on"));
    writeLog(MAGIC, 1, Long.MAX_VALUE, 512);
    assertFails("Log entry 7 lies beyond the end of the log", () -> open("log-append", "on"));
  }

  @Test
  void whatIsWrongWithTheOptionsIsSaid() {
    assertFails(
        "log-append and log-sector-size are mutually exclusive",
        () -> open("log-append", "on", "log-sector-size", "512"));
    assertFails("Invalid log sector size 16", () -> open("log-sector-size", "16"));
    assertFails("Invalid log sector size 16777216", () -> open("log-sector-size", "16M"));
    assertFails(
        "Invalid log superblock update interval 0", () -> open("log-super-update-interval", "0"));
    assertFails(
        "Block format 'blklogwrites' does not support the option 'foo'", () -> open("foo", "1"));
  }
}
