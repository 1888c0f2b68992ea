// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launchers' programs get along with 256 MiB, whatever the size of an image. {@code
 * strata.long} has the dense source be 100 GiB and not 8.
 */
final class LimitsTest {
  private static final long MOST_KIB = 256 << 10;
  private static final long TEBIBYTE = 1L << 40;
  private static final String PEAK = "VmHWM:";

  @TempDir Path folder;
  private final Path root = Path.of(System.getProperty("strata.root", ".")).toAbsolutePath();

  private record Run(int exitCode, String output, long peakKib) {}

  @BeforeEach
  void buildsTheLauncher() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "no /proc");
    assertEquals(0, run("--version").exitCode());
  }

  private Run run(String... words) throws Exception {
    var all = new ArrayList<>(List.of(root.resolve("bin/qemu-img").toString()));
    all.addAll(List.of(words));
    return watched(all);
  }

  private Run watched(List<String> words) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    long peak = 0;
    while (!process.waitFor(5, TimeUnit.MILLISECONDS)) {
      peak = Math.max(peak, peakKib(process.toHandle()));
      for (ProcessHandle child : process.descendants().toList()) {
        peak = Math.max(peak, peakKib(child));
      }
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    return new Run(process.exitValue(), text, peak);
  }

  /** The most memory that a process has had resident; 0 if it has ended. */
  private static long peakKib(ProcessHandle process) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith(PEAK)) {
          return Long.parseLong(line.substring(PEAK.length()).replace("kB", "").strip());
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }

  private static void assertSmall(String what, Run run) {
    assertEquals(0, run.exitCode(), run.output());
    System.out.println(what + ": " + run.peakKib() / 1024 + " MiB resident at most");
    assertTrue(run.peakKib() > 0 && run.peakKib() <= MOST_KIB, what + ": " + run);
  }

  private void sparse(String name) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(TEBIBYTE);
    }
  }

  @Test
  void aTebibyteOfHolesIsConverted() throws Exception {
    sparse("raw");
    Run there = run("convert", "-f", "raw", "-O", "qcow2", "raw", "image");
    assertSmall("convert 1 TiB of holes to qcow2", there);
    Run back = run("convert", "-f", "qcow2", "-O", "raw", "image", "again");
    assertSmall("convert 1 TiB of holes to raw", back);
    assertEquals(TEBIBYTE, Files.size(folder.resolve("again")));
  }

  @Test
  void aDenseDiskIsConverted() throws Exception {
    String size = Boolean.getBoolean("strata.long") ? "100G" : "8G";
    Run run =
        run(
            "convert",
            "-n",
            "-S",
            "0",
            "--image-opts",
            "--target-image-opts",
            "driver=null-co,read-zeroes=off,size=" + size,
            "driver=null-co,size=" + size);
    assertSmall("convert " + size + " of data", run);
  }

  @Test
  void anImageWithAllItsTablesIsDescribedWithinOneGibibyteOfAddresses() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "no prlimit");
    sparse("raw");
    assertEquals(
        0,
        run("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", "image", "64G")
            .exitCode());
    for (String name : List.of("raw", "image")) {
      Run info =
          watched(
              List.of(
                  "/usr/bin/prlimit",
                  "--as=1073741824",
                  "--cpu=30",
                  root.resolve("bin/qemu-img").toString(),
                  "info",
                  name));
      assertSmall("info of " + name + " within 1 GiB of addresses and 30 s", info);
      assertTrue(info.output().contains("virtual size"), info.output());
    }
  }
}
