// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our tools and the reference's with the same arguments, on exports of real servers. */
@Timeout(300)
final class NbdToolsTest {
  @TempDir private Path folder;

  @BeforeEach
  void referenceIsInstalled() {
    NbdServer.assumeInstalled("qemu-img");
    NbdServer.assumeInstalled("qemu-io");
  }

  private record Result(int code, String output) {}

  @Test
  void anExportOfQemuNbd() throws Exception {
    reference("qemu-img", "create", "-q", "-f", "raw", "base.raw", "4M");
    reference("qemu-io", "-f", "raw", "-c", "write -P 1 0 64k", "base.raw");
    reference("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "a.qcow2");
    reference("qemu-img", "bitmap", "--add", "a.qcow2", "b0");
    reference("qemu-io", "-c", "write -P 3 128k 64k", "-c", "write -z 256k 64k", "a.qcow2");
    String[] options = {"-f", "qcow2", "-x", "exp", "-B", "b0", "-A", "a.qcow2"};
    try (NbdServer server = NbdServer.qemu(folder, "s", options)) {
      String uri = server.uri("exp");
      assertSame("qemu-img", "info", uri);
      assertSame("qemu-img", "info", server.uri("nope"));
      assertSame("qemu-img", "info", "nbd:unix:s:exportname=exp");
      assertSame("qemu-img", "map", uri);
      String node = "driver=nbd,server.type=unix,server.path=s,export=exp";
      assertSame("qemu-img", "map", "--output=json", "--image-opts", node);
      for (String context :
          List.of("qemu:allocation-depth", "qemu:dirty-bitmap:b0", "qemu:dirty-bitmap:none")) {
        String options2 = node + ",x-dirty-bitmap=" + context;
        assertSame("qemu-img", "map", "--output=json", "--image-opts", options2);
      }
      assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, "copy.raw");
      assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, "copy.raw");
      assertSame("qemu-img", "resize", "-f", "raw", uri, "8M");
      assertSame("qemu-io", "-f", "raw", "-c", "write -P 9 1 513", "-c", "read -P 9 1 513", uri);
    }
    assertSame("qemu-img", "info", "nbd+unix:///exp?socket=s2");
    assertEquals(
        Files.mismatch(folder.resolve("ours").resolve("copy.raw"), folder.resolve("copy.raw")), -1);
  }

  @Test
  void anExportOfNbdkitWithBlockSizes() throws Exception {
    String[] options = {
      "--filter=blocksize-policy",
      "memory",
      "4M",
      "blocksize-minimum=4k",
      "blocksize-preferred=64k",
      "blocksize-maximum=1M",
      "blocksize-error-policy=error"
    };
    try (NbdServer server = NbdServer.nbdkit(folder, "s", options)) {
      assertSame(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "write -P 3 1 5",
          "-c",
          "read -v 0 8",
          "-c",
          "write -P 4 0 2M",
          "-c",
          "read -P 4 0 2M",
          "-c",
          "write -z 5 3M",
          "-c",
          "discard 0 1M",
          server.uri(""));
    }
  }

  @Test
  void anExportThatEndsWithinASector() throws Exception {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "memory", "1000001")) {
      assertSame("qemu-img", "info", server.uri(""));
      assertSame("qemu-img", "map", "--output=json", server.uri(""));
      assertSame(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "read -P 0 1000000 448",
          "-c",
          "write -P 0 1000000 1",
          "-c",
          "write 1000000 512",
          "-c",
          "write -z 1000000 448",
          server.uri(""));
    }
  }

  @Test
  void anExportWithoutExtents() throws Exception {
    String[] options = {"--filter=noextents", "sparse-random", "16M", "seed=1"};
    try (NbdServer server = NbdServer.nbdkit(folder, "s", options)) {
      assertSame("qemu-img", "map", "--output=json", server.uri(""));
      assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", server.uri(""), "copy.raw");
      assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", server.uri(""), "copy.raw");
    }
  }

  @Test
  void anOldstyleServer() throws Exception {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "-o", "pattern", "1M")) {
      assertSame("qemu-img", "info", server.uri("named"));
      assertSame("qemu-img", "map", "--output=json", server.uri(""));
      assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", server.uri(""), "copy.raw");
      assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", server.uri(""), "copy.raw");
    }
  }

  @Test
  void aServerWhoseRequestsFail() throws Exception {
    String[] options = {"--filter=error", "memory", "4M", "error-rate=100%", "error=ENOSPC"};
    try (NbdServer server = NbdServer.nbdkit(folder, "s", options)) {
      assertSame("qemu-img", "info", server.uri(""));
      assertSame(
          "qemu-io",
          "-f",
          "raw",
          "-c",
          "read 0 64k",
          "-c",
          "write 0 64k",
          "-c",
          "write -z 0 64k",
          server.uri(""));
    }
  }

  @Test
  void imagesOnAnExport() throws Exception {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "memory", "4M");
        NbdServer readOnly = NbdServer.nbdkit(folder, "r", "-r", "memory", "4M")) {
      assertSame("qemu-img", "create", "-f", "raw", server.uri(""), "8M");
      assertSame("qemu-img", "create", "-f", "raw", server.uri(""), "2M");
      assertSame("qemu-img", "create", "-f", "qcow2", server.uri(""), "8M");
      assertSame("qemu-img", "info", server.uri(""));
      assertSame("qemu-img", "check", server.uri(""));
      assertSame("qemu-img", "create", "-f", "raw", readOnly.uri(""), "2M");
      assertSame("qemu-io", "-f", "raw", "-c", "write 0 512", readOnly.uri(""));
    }
  }

  private void assertSame(String... words) throws IOException, InterruptedException {
    Path ours = Files.createDirectories(folder.resolve("ours"));
    // Relative names of sockets lead to the same ones.
    if (Files.exists(folder.resolve("s")) && Files.notExists(ours.resolve("s"))) {
      Files.createSymbolicLink(ours.resolve("s"), folder.resolve("s"));
    }
    Result expected = run(folder, List.of(words));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(
        words[0].equals("qemu-img") ? "dev.strata.imgtool.QemuImg" : "dev.strata.iotool.QemuIo");
    command.addAll(List.of(words).subList(1, words.length));
    assertEquals(expected, run(ours, command), String.join(" ", words));
  }

  private void reference(String... words) throws IOException, InterruptedException {
    Result result = run(folder, List.of(words));
    assertEquals(0, result.code(), result.output());
  }

  /** The two streams are not told apart: which of them comes first is a matter of buffers. */
  private static Result run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile(folder, "errors", "");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(errors.toFile())
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(2, TimeUnit.MINUTES));
    String all = output + "\n" + Files.readString(errors);
    Files.delete(errors);
    return new Result(process.exitValue(), all.replaceAll("[0-9.]+ sec \\(.*\\)", "TIME"));
  }
}
