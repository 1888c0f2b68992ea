// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.monitor.manual.ToolDescription;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README promises. */
final class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("strata.root", ".."));

  @TempDir private Path folder;
  private String text = "";

  @BeforeEach
  void read() throws IOException {
    text = Files.readString(ROOT.resolve("README.md"));
  }

  @Test
  void everyCommandAndEveryDriverIsInItsTables() {
    for (ToolDescription tool : ServiceLoader.load(ToolDescription.class)) {
      for (String command : tool.commands()) {
        assertTrue(text.contains("`" + command + "`"), command);
      }
    }
    for (BlockDriverFactory driver : DriverRegistry.load().all()) {
      assertTrue(text.contains("`" + driver.name() + "`"), driver.name());
    }
  }

  @Test
  void theExampleForProgramsCompiles() throws IOException {
    int start = text.indexOf("```java\n") + 8;
    Path source =
        Files.writeString(
            folder.resolve("Example.java"),
            """
            import static java.nio.charset.StandardCharsets.UTF_8;

            import dev.strata.block.Extent;
            import dev.strata.block.graph.OpenGate;
            import dev.strata.block.image.*;
            import java.nio.ByteBuffer;

            class Example {
              void run() throws dev.strata.block.BlockException {
            """
                + text.substring(start, text.indexOf("```", start))
                + "}}");
    var messages = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, messages, messages, "-d", folder.toString(), source.toString());
    assertEquals(0, code, () -> messages.toString(StandardCharsets.UTF_8));
  }

  @Test
  void theFirstCommandUnpacksTheSample() throws IOException, InterruptedException {
    String line =
        text.lines().filter(each -> each.startsWith("bin/qemu-img ")).findFirst().orElseThrow();
    String[] words = line.substring(0, line.indexOf('#')).strip().split(" ");
    words[0] = ROOT.resolve(words[0]).toAbsolutePath().toString();
    words[words.length - 2] = ROOT.resolve(words[words.length - 2]).toAbsolutePath().toString();
    // Which says so if it has to build first.
    Programs.run(folder, "", words[0], "--version");
    assertEquals("", Programs.run(folder, "", words));
    String disk =
        Files.readString(folder.resolve(words[words.length - 1]), StandardCharsets.ISO_8859_1);
    assertEquals(1 << 20, disk.length());
    assertTrue(disk.contains("This text was on a disk image that Strata unpacked.\n"));
  }
}
