// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.peer.BothTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What both tools say and make of the same URL. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class HttpToolsTest {
  private static final int SIZE = (1 << 20) + (300 << 10);

  @TempDir private Path folder;
  private final byte[] file = new byte[SIZE];
  private FileServer server;
  private BothTools tools;

  @BeforeEach
  void serve() throws IOException {
    try (Stream<Path> modules =
        Files.find(Path.of("/usr/lib"), 4, (p, a) -> p.endsWith("qemu/block-curl.so"))) {
      assumeTrue(modules.findAny().isPresent(), "no block-curl.so (Debian's qemu-block-extra)");
    }
    new Random(1).nextBytes(file);
    server = FileServer.of(file);
    tools = new BothTools(folder);
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void bothConvertTheSameBytes() throws IOException, InterruptedException {
    tools.assertSame("qemu-img", "convert", "-O", "raw", server.url("sound"), "disk");
    assertArrayEquals(file, Files.readAllBytes(folder.resolve("disk")));
    assertArrayEquals(file, Files.readAllBytes(tools.ours().resolve("disk")));
    tools.assertSame("qemu-img", "convert", "-O", "raw", server.url("redirect"), "disk");
    assertArrayEquals(file, Files.readAllBytes(tools.ours().resolve("disk")));
  }

  @Test
  void bothTellTheSameOfAUrl() throws IOException, InterruptedException {
    String url = server.url("sound");
    tools.assertSame("qemu-img", "info", url);
    tools.assertSame("qemu-img", "info", "--output=json", url);
    tools.assertSame("qemu-img", "map", "--output=json", url);
    tools.assertSame("qemu-img", "measure", "-O", "qcow2", url);
    tools.assertSame("qemu-img", "check", url);
    tools.assertSame("qemu-img", "info", server.url("empty"));
    tools.assertSame("qemu-img", "info", "--image-opts", "driver=http,url=" + url + ",cookie=a=b");
    tools.assertSame(
        "qemu-img",
        "info",
        "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"http\",\"url\":\""
            + url
            + "\",\"username\":\"u\",\"sslverify\":\"off\",\"readahead\":\"64k\"}}");
    tools.assertSame("qemu-io", "-r", "-f", "raw", "-c", "read -v 262000 700", url);
    tools.assertSame("qemu-io", "-r", "-f", "raw", "-c", "write 0 512", url);
  }

  @Test
  void aFileThatEndsWithinASectorIsFilledUpWithZeroes() throws IOException, InterruptedException {
    byte[] odd = Arrays.copyOf(file, SIZE - 100);
    try (FileServer other = FileServer.of(odd)) {
      tools.assertSame("qemu-img", "convert", "-O", "raw", other.url("sound"), "disk");
      byte[] expected = Arrays.copyOf(odd, SIZE);
      assertArrayEquals(expected, Files.readAllBytes(folder.resolve("disk")));
      assertArrayEquals(expected, Files.readAllBytes(tools.ours().resolve("disk")));
      String read = "read -v " + (SIZE - 200) + " 200";
      tools.assertSame("qemu-io", "-r", "-f", "raw", "-c", read, other.url("sound"));
    }
  }

  @Test
  void anOverlayOverAUrlReadsTheSame() throws IOException, InterruptedException {
    String url = server.url("sound");
    tools.assertSame("qemu-img", "create", "-f", "qcow2", "-b", url, "-F", "raw", "overlay");
    tools.assertSame("qemu-img", "convert", "-O", "raw", "overlay", "disk");
    assertArrayEquals(file, Files.readAllBytes(tools.ours().resolve("disk")));
  }

  @Test
  void bothRefuseInTheSameWords() throws IOException, InterruptedException {
    for (String path : new String[] {"missing", "forbidden", "unlimited", "none", "sizeless"}) {
      tools.assertSame("qemu-img", "info", server.url(path));
    }
    tools.assertSame("qemu-img", "convert", "-O", "raw", server.url("error"), "disk");
    tools.assertSame("qemu-img", "resize", "-f", "raw", server.url("sound"), "8M");
    tools.assertSame("qemu-img", "create", "-f", "raw", server.url("sound"), "1M");
    tools.assertSame("qemu-img", "create", "-f", "qcow2", server.url("sound"), "1M");
    tools.assertSame(
        "qemu-img", "info", "--image-opts", "driver=http,url=" + server.url("sound") + ",foo=1");
    tools.assertSame("qemu-img", "info", "http://no-such-host.invalid/disk");
  }
}
