// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.pipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What went through a pipe is what the reference reads. */
@Timeout(120)
final class PipeTest {
  private static final long MIB = 1 << 20;

  /** No whole number of clusters, and more than a grain table of vmdk is about. */
  private static final long SIZE = 34 * MIB + 512;

  @TempDir private static Path common;

  @TempDir private Path folder;

  private record Run(int code, String errors) {}

  @BeforeAll
  static void source() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "no qemu-img");
    var random = new Random(11);
    try (var file = new RandomAccessFile(common.resolve("disk.raw").toFile(), "rw")) {
      file.setLength(SIZE);
      for (int i = 0; i < 60; i++) {
        byte[] run = new byte[1 + random.nextInt(200_000)];
        if (i % 3 == 0) {
          random.nextBytes(run); // does not get smaller
        } else {
          Arrays.fill(run, (byte) (i + 1));
        }
        file.seek((long) (random.nextDouble() * (SIZE - run.length)));
        file.write(run);
      }
      file.seek(SIZE - 700);
      file.write(new byte[] {1, 2, 3});
    }
  }

  @BeforeEach
  void link() throws IOException {
    Files.createSymbolicLink(folder.resolve("disk.raw"), common.resolve("disk.raw"));
  }

  /** Ours between two shell commands; a side that is not wanted is empty. */
  private Run ours(String before, String words, String after)
      throws IOException, InterruptedException {
    return ours(before, "dev.strata.imgtool.QemuImg", words, after);
  }

  private Run ours(String before, String program, String words, String after)
      throws IOException, InterruptedException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", "'" + System.getProperty("java.class.path") + "'"));
    command.add(program);
    command.add(words);
    String shell = "set -o pipefail; " + before + String.join(" ", command) + after;
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder("bash", "-c", shell)
            .directory(folder.toFile())
            .redirectError(errors.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    return new Run(process.exitValue(), Files.readString(errors));
  }

  private String reference(String... words) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    var command = new ArrayList<>(List.of("/usr/bin/qemu-img"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), Files.readString(output));
    return Files.readString(output);
  }

  private void assertSame(String format, String name) throws IOException, InterruptedException {
    assertEquals(
        "Images are identical.\n",
        reference("compare", "-f", "raw", "-F", format, "disk.raw", name));
  }

  @ParameterizedTest
  @CsvSource({
    "-O raw, raw",
    "-O vmdk -o subformat=streamOptimized, vmdk",
    "-O qcow2 -c, qcow2",
    "-O qcow2, qcow2",
    "'-O qcow2 -c -o cluster_size=512,refcount_bits=1', qcow2",
  })
  void theReferenceReadsWhatCameThroughThePipe(String options, String format)
      throws IOException, InterruptedException {
    assertGoesThrough(options, format);
  }

  @EnabledIfSystemProperty(named = "strata.long", matches = "true")
  @ParameterizedTest
  @CsvSource({
    "-O raw -S 0 -W -m 4, raw",
    "-O qcow2 -S 0 -o cluster_size=2M, qcow2",
    "'-O qcow2 -c -o cluster_size=4k,refcount_bits=64,lazy_refcounts=on', qcow2",
    "'-O qcow2 -c -o compression_type=zstd,extended_l2=on', qcow2",
    "'-O qcow2 -c -o compat=0.10,cluster_size=1M', qcow2",
  })
  void allOptionsGoThroughThePipe(String options, String format)
      throws IOException, InterruptedException {
    assertGoesThrough(options, format);
  }

  private void assertGoesThrough(String options, String format)
      throws IOException, InterruptedException {
    Run run = ours("", "convert -f raw " + options + " disk.raw -", " | cat > out");
    assertEquals(new Run(0, ""), run);
    assertSame(format, "out");
    if (format.equals("qcow2")) {
      reference("check", "-f", format, "out");
    }
  }

  @Test
  void theWholeImageIsTakenAndProgressGoesToTheErrors() throws IOException, InterruptedException {
    reference("convert", "-O", "qcow2", "disk.raw", "disk.qcow2");
    Run run = ours("", "convert -p -O raw disk.qcow2 -", " > out");
    assertEquals(0, run.code(), run.errors());
    assertTrue(run.errors().contains("(100.00/100%)"), run.errors());
    assertSame("raw", "out");
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("disk.raw")), Files.readAllBytes(folder.resolve("out")));
  }

  @Test
  void anEmptyDiskGoesThroughAPipe() throws IOException, InterruptedException {
    Files.write(folder.resolve("empty.raw"), new byte[0]);
    for (String format : List.of("raw", "qcow2")) {
      assertEquals(
          new Run(0, ""), ours("", "convert -f raw -O " + format + " empty.raw -", " > out"));
      reference("compare", "-f", "raw", "-F", format, "empty.raw", "out");
    }
    reference("check", "-f", "qcow2", "out");
  }

  @ParameterizedTest
  @CsvSource({
    "-O raw, raw",
    "-O qcow2, qcow2",
    "-c -O qcow2 -o cluster_size=4k, qcow2",
    "-O qed, qed",
  })
  void standardInputBecomesAnImageThatGrows(String options, String format)
      throws IOException, InterruptedException {
    Run run = ours("cat disk.raw | ", "convert -f raw " + options + " - out", "");
    assertEquals(new Run(0, ""), run);
    assertSame(format, "out");
    if (!format.equals("raw")) {
      reference("check", "-f", format, "out");
    }
  }

  @Test
  void standardInputFillsAnImageThatExists() throws IOException, InterruptedException {
    reference("create", "-f", "vdi", "out", Long.toString(SIZE));
    Run run = ours("cat disk.raw | ", "convert -n -f raw -O vdi - out", "");
    assertEquals(new Run(0, ""), run);
    assertSame("vdi", "out");
    reference("create", "-f", "vdi", "out", "32M");
    run = ours("cat disk.raw | ", "convert -n -f raw -O vdi - out", "");
    assertEquals(new Run(1, "qemu-img: output file is smaller than input file\n"), run);
  }

  @Test
  void whatAPipeDoesNotAllowIsOneLine() throws IOException, InterruptedException {
    List<String> refused =
        List.of(
            "convert -f raw -O vdi disk.raw -|A vdi image cannot be written to standard output",
            "convert -f raw -O vmdk disk.raw -|only subformat=streamOptimized",
            "convert -f raw -O qcow2 -o preallocation=full disk.raw -|has no preallocation",
            "convert -n -f raw -O raw disk.raw -|-n does not go together with standard output",
            "convert -W -f raw -O raw disk.raw -|-W does not go together with standard output",
            "convert -t none -f raw -O raw disk.raw -|-t does not go together with standard output",
            "convert -p -f raw -O raw - out|-p does not go together with standard input",
            "convert -m 4 -f raw -O raw - out|-m does not go together with standard input",
            "convert -W -f raw -O raw - out|-W does not go together with standard input",
            "convert -T none -f raw -O raw - out|-T does not go together with standard input",
            "convert -U -f raw -O raw - out|-U does not go together with standard input",
            "convert -f raw -O raw - -|its size is not known before",
            "convert -O raw - out|read as raw only: say so with -f raw",
            "convert -f qcow2 -O raw - out|read as raw only: say so with -f raw",
            "convert -f raw -O vpc - out|raw, qcow2, qed and luks images grow",
            "convert -f raw -O raw - disk.raw out|the only source or none");
    Path commands = folder.resolve("commands");
    Files.write(commands, refused.stream().map(text -> text.split("\\|")[0]).toList());
    Run all =
        ours(
            "{ cat disk.raw; true; } | ", // nobody reads it to its end
            CommandLines.class.getName(),
            "commands results",
            " > piped");
    assertEquals(new Run(0, ""), all);
    List<String> results = Files.readAllLines(folder.resolve("results"));
    assertEquals(refused.size(), results.size(), results.toString());
    for (int i = 0; i < refused.size(); i++) {
      assertTrue(results.get(i).startsWith("1 1 0 "), results.get(i)); // code, lines, output
      String message = refused.get(i).split("\\|")[1];
      assertTrue(results.get(i).contains(message), results.get(i));
    }
    assertEquals(0, Files.size(folder.resolve("piped")));
  }

  @Test
  void aReaderThatLeavesIsAnError() throws IOException, InterruptedException {
    Run run = ours("", "convert -f raw -O raw disk.raw -", " | head -c 1000");
    assertEquals(
        new Run(1, "qemu-img: error while writing to standard output: Broken pipe\n"), run);
  }
}
