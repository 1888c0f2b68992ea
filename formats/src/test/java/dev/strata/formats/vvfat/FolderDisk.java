// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder opened as a disk, and programs that look at such disks. */
final class FolderDisk implements AutoCloseable {
  private final List<String> warnings = new ArrayList<>();
  private final BlockGraph graph = new BlockGraph(DriverRegistry.load(), warnings::add);
  private final BlockBackend disk;

  private FolderDisk(@Nullable String filename, BlockOptions options, boolean writable)
      throws BlockException {
    NodeFlags flags = NodeFlags.READ_ONLY.withWritable(writable);
    BlockNode node =
        graph.open(new OpenRequest(filename, options, flags, false, false, OpenGate.DENY));
    EnumSet<Permission> used = EnumSet.of(Permission.CONSISTENT_READ);
    if (writable) {
      used.add(Permission.WRITE);
    }
    this.disk = graph.use(node, "test", new Permissions(used, EnumSet.allOf(Permission.class)));
  }

  /** By a file name, above it the raw format. */
  static FolderDisk named(String filename) throws BlockException {
    return new FolderDisk(filename, BlockOptions.of("driver", "raw"), false);
  }

  /** The same, to be written to. */
  static FolderDisk writable(String filename) throws BlockException {
    return new FolderDisk(filename, BlockOptions.of("driver", "raw"), true);
  }

  /** By options of the driver's own. */
  static FolderDisk of(String... options) throws BlockException {
    BlockOptions all = BlockOptions.of(options);
    all.put("driver", "vvfat");
    return new FolderDisk(null, all, false);
  }

  long length() throws BlockException {
    return disk.length();
  }

  List<String> warnings() {
    return warnings;
  }

  byte[] read(long offset, int length) throws BlockException {
    var bytes = new byte[length];
    disk.read(offset, IoVector.of(bytes), 0);
    return bytes;
  }

  void write(long offset, byte[] bytes) throws BlockException {
    disk.write(offset, IoVector.of(bytes), 0);
  }

  void flush() throws BlockException {
    disk.flush();
  }

  /** The disk as a file that others read: so much of its start, and zeroes. */
  Path copy(Path to, int length) throws IOException {
    Files.write(to, read(0, length));
    try (var file = new RandomAccessFile(to.toFile(), "rw")) {
      file.setLength(length());
    }
    return to;
  }

  @Override
  public void close() throws BlockException {
    disk.close();
    graph.close();
  }

  static boolean isInstalled(String program) {
    return Stream.of("/usr/bin", "/usr/sbin", "/sbin")
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  /** What a program prints, errors too, that finds all well. */
  static String run(Path folder, String... command) throws IOException, InterruptedException {
    var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().put("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), output);
    return output;
  }
}
