// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ConvertTest {
  @TempDir Path folder;

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private byte[] source(int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    Files.write(folder.resolve("s"), bytes);
    return bytes;
  }

  private static void good(ToolRun run) {
    assertEquals("", run.errors());
    assertEquals(0, run.code());
  }

  @Test
  void whatTheHostCopiesArrives() throws IOException {
    byte[] bytes = source((3 << 20) + 512);
    good(ToolRun.of(new Convert(), "-C", "-f", "raw", "-O", "qcow2", path("s"), path("q")));
    good(ToolRun.of(new Convert(), "-C", "-f", "qcow2", "-O", "raw", path("q"), path("t")));
    assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("t")));
    good(ToolRun.of(new Convert(), "-C", "-W", "-O", "raw", path("q"), path("q"), path("u")));
    assertEquals(2L * bytes.length, Files.size(folder.resolve("u")));
  }

  @Test
  void theSourceCannotBeTheTarget() throws IOException {
    byte[] bytes = source(1 << 20);
    ToolRun run = ToolRun.of(new Convert(), "-f", "raw", "-O", "raw", path("s"), path("s"));
    assertEquals(1, run.code());
    assertTrue(run.errors().contains("Failed to get \"write\" lock"), run.errors());
    assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("s")));
  }

  @Test
  @Timeout(60)
  void aFileOfAFewBytesAmongTheSourcesIsASector() throws IOException {
    Files.writeString(folder.resolve("s"), "12345");
    good(ToolRun.of(new Convert(), "-O", "raw", path("s"), path("s"), path("t")));
    String sector = "12345" + "\0".repeat(507);
    assertEquals(sector + sector, Files.readString(folder.resolve("t")));
  }

  @Test
  void aTargetWithABackingFileOfItsOwnGetsEverything() throws IOException {
    byte[] bytes = source(1 << 20);
    good(ToolRun.of(new Create(), "-q", "-f", "qcow2", path("base"), "1M"));
    good(ToolRun.of(new Convert(), "-f", "raw", "-O", "qcow2", path("s"), path("q")));
    good(
        ToolRun.of(new Create(), "-q", "-f", "qcow2", "-b", path("q"), "-F", "qcow2", path("top")));
    good(
        ToolRun.of(
            new Create(), "-q", "-f", "qcow2", "-b", path("base"), "-F", "qcow2", path("other")));
    good(ToolRun.of(new Convert(), "-n", "-O", "qcow2", path("top"), path("other")));
    good(ToolRun.of(new Convert(), "-O", "raw", path("other"), path("t")));
    assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("t")));
  }

  @Test
  void progressForProgramsEndsWithAllTransferred() throws IOException {
    source(3 << 20);
    ToolRun run =
        ToolRun.of(
            new Convert(), "--progress=json", "-f", "raw", "-O", "raw", path("s"), path("t"));
    good(run);
    String[] lines = run.output().split("\n");
    assertTrue(lines.length >= 2, run.output());
    assertTrue(
        lines[lines.length - 1].startsWith("{\"transferred\": 3145728, \"total\": 3145728, "),
        run.output());
  }
}
