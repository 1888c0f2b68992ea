// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.peer.BothTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Our tools and the reference's with the same arguments, on exports of real servers. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
final class NbdToolsTest {
  @TempDir private Path folder;
  private BothTools tools;

  @BeforeEach
  void referenceIsInstalled() {
    NbdServer.assumeInstalled("qemu-img");
    NbdServer.assumeInstalled("qemu-io");
    tools = new BothTools(folder);
  }

  @Test
  void anExportOfQemuNbd() throws Exception {
    tools.reference("qemu-img", "create", "-q", "-f", "raw", "base.raw", "4M");
    tools.reference("qemu-io", "-f", "raw", "-c", "write -P 1 0 64k", "base.raw");
    tools.reference(
        "qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "a.qcow2");
    tools.reference("qemu-img", "bitmap", "--add", "a.qcow2", "b0");
    tools.reference("qemu-io", "-c", "write -P 3 128k 64k", "-c", "write -z 256k 64k", "a.qcow2");
    String[] options = {"-f", "qcow2", "-x", "exp", "-B", "b0", "-A", "a.qcow2"};
    try (NbdServer server = NbdServer.qemu(folder, "s", options)) {
      String uri = server.uri("exp");
      tools.assertSame("qemu-img", "info", uri);
      tools.assertSame("qemu-img", "info", server.uri("nope"));
      tools.assertSame("qemu-img", "info", "nbd:unix:s:exportname=exp");
      tools.assertSame("qemu-img", "map", uri);
      String node = "driver=nbd,server.type=unix,server.path=s,export=exp";
      tools.assertSame("qemu-img", "map", "--output=json", "--image-opts", node);
      for (String context :
          List.of("qemu:allocation-depth", "qemu:dirty-bitmap:b0", "qemu:dirty-bitmap:none")) {
        String options2 = node + ",x-dirty-bitmap=" + context;
        tools.assertSame("qemu-img", "map", "--output=json", "--image-opts", options2);
      }
      tools.assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, "copy.raw");
      tools.assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, "copy.raw");
      tools.assertSame("qemu-img", "resize", "-f", "raw", uri, "8M");
      tools.assertSame(
          "qemu-io", "-f", "raw", "-c", "write -P 9 1 513", "-c", "read -P 9 1 513", uri);
    }
    tools.assertSame("qemu-img", "info", "nbd+unix:///exp?socket=s2");
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
      tools.assertSame(
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
      tools.assertSame("qemu-img", "info", server.uri(""));
      tools.assertSame("qemu-img", "map", "--output=json", server.uri(""));
      tools.assertSame(
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
      tools.assertSame("qemu-img", "map", "--output=json", server.uri(""));
      tools.assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", server.uri(""), "copy.raw");
      tools.assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", server.uri(""), "copy.raw");
    }
  }

  @Test
  void anOldstyleServer() throws Exception {
    try (NbdServer server = NbdServer.nbdkit(folder, "s", "-o", "pattern", "1M")) {
      tools.assertSame("qemu-img", "info", server.uri("named"));
      tools.assertSame("qemu-img", "map", "--output=json", server.uri(""));
      tools.assertSame("qemu-img", "convert", "-f", "raw", "-O", "raw", server.uri(""), "copy.raw");
      tools.assertSame("qemu-img", "compare", "-f", "raw", "-F", "raw", server.uri(""), "copy.raw");
    }
  }

  @Test
  void aServerWhoseRequestsFail() throws Exception {
    String[] options = {"--filter=error", "memory", "4M", "error-rate=100%", "error=ENOSPC"};
    try (NbdServer server = NbdServer.nbdkit(folder, "s", options)) {
      tools.assertSame("qemu-img", "info", server.uri(""));
      tools.assertSame(
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
      tools.assertSame("qemu-img", "create", "-f", "raw", server.uri(""), "8M");
      tools.assertSame("qemu-img", "create", "-f", "raw", server.uri(""), "2M");
      tools.assertSame("qemu-img", "create", "-f", "qcow2", server.uri(""), "8M");
      tools.assertSame("qemu-img", "info", server.uri(""));
      tools.assertSame("qemu-img", "check", server.uri(""));
      tools.assertSame("qemu-img", "create", "-f", "raw", readOnly.uri(""), "2M");
      tools.assertSame("qemu-io", "-f", "raw", "-c", "write 0 512", readOnly.uri(""));
    }
  }
}
