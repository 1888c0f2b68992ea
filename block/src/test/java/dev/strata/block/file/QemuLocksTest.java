// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.posix.Posix;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real QEMU and Strata keep each other from an image that one of them uses alone. */
class QemuLocksTest {
  private static final Path QEMU_IO = Path.of("/usr/bin/qemu-io");
  private static final Path QEMU_IMG = Path.of("/usr/bin/qemu-img");

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void makeImage() throws IOException, InterruptedException {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    assumeTrue(Files.isExecutable(QEMU_IO) && Files.isExecutable(QEMU_IMG), "needs the real QEMU");
    image = folder.resolve("a");
    assertEquals("", run(QEMU_IMG, "create", "-q", "-f", "qcow2", image.toString(), "1M"));
  }

  private static String run(Path program, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return output;
  }

  private Disk open(NodeFlags flags) throws BlockException {
    return Disk.open(
        List.of(new FileFactory()), flags, "driver", "file", "filename", image.toString());
  }

  private String hint() {
    return "Is another process using the image [" + image + "]?";
  }

  @Test
  void qemuKeepsStrataFromWritingAnImageThatItHasOpen() throws Exception {
    Process qemu = new ProcessBuilder(QEMU_IO.toString(), "-f", "qcow2", image.toString()).start();
    try {
      var output =
          new BufferedReader(new InputStreamReader(qemu.getInputStream(), StandardCharsets.UTF_8));
      qemu.getOutputStream().write("length\n".getBytes(StandardCharsets.UTF_8));
      qemu.getOutputStream().flush();
      // Only an open image has a length; the prompt is on the same line.
      assertTrue(output.readLine().endsWith("1 MiB"));
      BlockException refused =
          assertThrows(BlockException.class, () -> open(Disk.WRITABLE).close());
      assertEquals("Failed to get \"write\" lock", refused.getMessage());
      assertEquals(hint(), refused.hint());
      // A reader that lets others write is let in, as one of QEMU's is.
      open(NodeFlags.READ_ONLY).close();
    } finally {
      qemu.getOutputStream().close();
      assertTrue(qemu.waitFor(30, TimeUnit.SECONDS));
    }
    open(Disk.WRITABLE).close();
  }

  @Test
  void strataKeepsQemuFromAnImageThatItWritesAlone() throws Exception {
    try (Disk disk = open(Disk.WRITABLE)) {
      disk.backend()
          .change(
              new Permissions(
                  EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
                  EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED)));
      assertEquals(
          "qemu-img: Could not open '"
              + image
              + "': Failed to get shared \"write\" lock\n"
              + hint()
              + "\n",
          run(QEMU_IMG, "info", image.toString()));
      String shared = run(QEMU_IMG, "info", "-U", image.toString());
      assertTrue(shared.contains("virtual size: 1 MiB"), shared);
      String written = run(QEMU_IO, "-f", "raw", "-c", "write 0 512", image.toString());
      assertTrue(written.contains("Failed to get \"write\" lock"), written);
    }
    String free = run(QEMU_IMG, "info", image.toString());
    assertTrue(free.contains("virtual size: 1 MiB"), free);
  }
}
