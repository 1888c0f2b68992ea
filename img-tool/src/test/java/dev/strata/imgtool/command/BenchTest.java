// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class BenchTest {
  @TempDir Path folder;

  private String image(int length) throws IOException {
    return Files.write(folder.resolve("a"), new byte[length]).toString();
  }

  @Test
  void writesFillTheRangesAndNothingElse() throws IOException {
    String image = image(1 << 20);
    ToolRun run =
        ToolRun.of(
            new Bench(),
            "-f",
            "raw",
            "-w",
            "--pattern=90",
            "-c",
            "20",
            "-d",
            "8",
            "-s",
            "4k",
            "-S",
            "8k",
            "--flush-interval=8",
            image);
    assertEquals("", run.errors());
    assertEquals(0, run.code());
    byte[] wanted = new byte[1 << 20];
    for (int i = 0; i < 20; i++) {
      Arrays.fill(wanted, i * 8192, i * 8192 + 4096, (byte) 90);
    }
    assertArrayEquals(wanted, Files.readAllBytes(Path.of(image)));
  }

  @Test
  void aRequestLongerThanTheBuffersWritesAllItsBytes() throws IOException {
    String image = image(40 << 20);
    ToolRun run =
        ToolRun.of(new Bench(), "-f", "raw", "-w", "--pattern=7", "-c", "1", "-s", "39M", image);
    assertEquals("", run.errors());
    byte[] bytes = Files.readAllBytes(Path.of(image));
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != (i < 39 << 20 ? 7 : 0)) {
        throw new AssertionError("byte " + i + " is " + bytes[i]);
      }
    }
  }

  @Test
  @Timeout(60)
  void allRequestsOfTheDepthAreInFlightAtOnce() {
    // One behind the other they would take more than four minutes.
    ToolRun run =
        ToolRun.of(
            new Bench(),
            "-c",
            "256",
            "-d",
            "256",
            "--image-opts",
            "driver=null-co,size=16M,latency-ns=1000000000");
    assertEquals("", run.errors());
    assertTrue(run.output().contains("Run completed in "), run.output());
  }

  @Test
  @Timeout(60)
  void anAbsurdSizeFailsWithoutTakingMemory() throws IOException {
    ToolRun run = ToolRun.of(new Bench(), "-f", "raw", "-s", "2147483647", image(4096));
    assertEquals("qemu-img: Failed request: Input/output error\n", run.errors());
    assertEquals(1, run.code());
  }

  @Test
  @Timeout(60)
  void aDepthOfNothingIsRefused() throws IOException {
    ToolRun run = ToolRun.of(new Bench(), "-f", "raw", "-d", "0", image(4096));
    assertEquals("qemu-img: Invalid queue depth specified\n", run.errors());
    assertEquals(1, run.code());
  }
}
