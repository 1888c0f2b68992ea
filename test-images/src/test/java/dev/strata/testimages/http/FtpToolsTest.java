// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.peer.BothTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What both tools say and make of the same file on a server by others. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class FtpToolsTest {
  private static final int SIZE = (1 << 20) + (300 << 10) + 77;

  private static final String SERVER =
      """
      import sys, logging
      from pyftpdlib.authorizers import DummyAuthorizer
      from pyftpdlib.handlers import FTPHandler
      from pyftpdlib.servers import FTPServer
      logging.basicConfig(level=logging.ERROR)
      users = DummyAuthorizer()
      users.add_anonymous(sys.argv[1])
      users.add_user('ann', 'p@ss', sys.argv[1])
      FTPHandler.authorizer = users
      FTPHandler.auth_failed_timeout = 0
      server = FTPServer(('127.0.0.1', 0), FTPHandler)
      print(server.address[1], flush=True)
      server.serve_forever()
      """;

  @TempDir private Path folder;
  private final byte[] file = new byte[SIZE];
  private @Nullable Process server;
  private BothTools tools;
  private String url = "";

  @BeforeEach
  void serve() throws IOException {
    try (Stream<Path> modules =
        Files.find(Path.of("/usr/lib"), 4, (p, a) -> p.endsWith("qemu/block-curl.so"))) {
      assumeTrue(modules.findAny().isPresent(), "no block-curl.so (Debian's qemu-block-extra)");
    }
    assumeTrue(
        Files.exists(Path.of("/usr/lib/python3/dist-packages/pyftpdlib")),
        "no pyftpdlib (Debian's python3-pyftpdlib)");
    new Random(1).nextBytes(file);
    Path served = Files.createDirectories(folder.resolve("served/a folder"));
    Files.write(served.resolve("disk"), file);
    Files.write(folder.resolve("served/disk"), file);
    Files.write(folder.resolve("served/empty"), new byte[0]);
    tools = new BothTools(folder);
    Process started =
        new ProcessBuilder("/usr/bin/python3", "-c", SERVER, folder.resolve("served").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    server = started;
    BufferedReader output = started.inputReader();
    url = "ftp://127.0.0.1:" + output.readLine() + "/";
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (server != null) {
      server.destroy();
      assertTrue(server.waitFor(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void bothConvertTheSameBytes() throws IOException, InterruptedException {
    byte[] expected = Arrays.copyOf(file, (SIZE + 511) / 512 * 512);
    for (String each : new String[] {"disk", "a%20folder/disk", "%61%20folder//disk?not=this"}) {
      tools.assertSame("qemu-img", "convert", "-O", "raw", url + each, "disk");
      assertArrayEquals(expected, Files.readAllBytes(folder.resolve("disk")), each);
      assertArrayEquals(expected, Files.readAllBytes(tools.ours().resolve("disk")), each);
    }
  }

  @Test
  void bothTellTheSameOfAUrl() throws IOException, InterruptedException {
    String disk = url + "disk";
    tools.assertSame("qemu-img", "info", disk);
    tools.assertSame("qemu-img", "info", "--output=json", disk);
    tools.assertSame("qemu-img", "map", "--output=json", disk);
    tools.assertSame("qemu-img", "measure", "-O", "qcow2", disk);
    tools.assertSame("qemu-img", "check", disk);
    tools.assertSame("qemu-img", "info", url + "empty");
    tools.assertSame("qemu-img", "info", disk.replace("//", "//ann:p%40ss@"));
    tools.assertSame(
        "qemu-img",
        "info",
        "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"ftp\",\"url\":\""
            + disk
            + "\",\"username\":\"anonymous\",\"readahead\":\"64k\"}}");
    tools.assertSame(
        "qemu-img",
        "info",
        "--object",
        "secret,id=s,data=p@ss",
        "--image-opts",
        "driver=ftp,url=" + disk + ",username=ann,password-secret=s");
    tools.assertSame(
        "qemu-io",
        "-r",
        "-f",
        "raw",
        "-c",
        "read -v 262000 700",
        "-c",
        "read -v 1024 100",
        "-c",
        "read -v " + (SIZE - 10) + " 50",
        disk);
    tools.assertSame("qemu-io", "-r", "-f", "raw", "-c", "write 0 512", disk);
  }

  @Test
  void anOverlayOverAUrlReadsTheSame() throws IOException, InterruptedException {
    String disk = url + "disk";
    tools.assertSame("qemu-img", "create", "-f", "qcow2", "-b", disk, "-F", "raw", "overlay");
    tools.assertSame("qemu-img", "convert", "-O", "raw", "overlay", "disk");
    byte[] expected = Arrays.copyOf(file, (SIZE + 511) / 512 * 512);
    assertArrayEquals(expected, Files.readAllBytes(tools.ours().resolve("disk")));
  }

  @Test
  void bothRefuseInTheSameWords() throws IOException, InterruptedException {
    for (String each :
        new String[] {"missing", "a%20folder", "a%20folder/", "none/disk", "%0d%0aDELE%20disk"}) {
      tools.assertSame("qemu-img", "info", url + each);
    }
    tools.assertSame("qemu-img", "info", (url + "disk").replace("//", "//ann:wrong@"));
    tools.assertSame("qemu-img", "resize", "-f", "raw", url + "disk", "8M");
    tools.assertSame("qemu-img", "create", "-f", "raw", url + "disk", "1M");
    tools.assertSame("qemu-img", "create", "-f", "qcow2", url + "disk", "1M");
    tools.assertSame("qemu-img", "info", "--image-opts", "driver=ftp,url=" + url + "disk,foo=1");
    tools.assertSame("qemu-img", "info", "ftp://no-such-host.invalid/disk");
  }
}
