// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Makes LUKS2 images of small headers by cryptsetup, without a kernel's help, and opens them. */
record Cryptsetup(Path folder) {
  static final String PASSWORD = "123456";

  /** The content is moved by half of that to make room for the header. */
  static final int REDUCTION = 1200 << 10;

  static boolean isInstalled() {
    return Stream.of("/usr/bin", "/usr/sbin", "/sbin")
        .anyMatch(each -> Files.isExecutable(Path.of(each, "cryptsetup")));
  }

  /** Runs it; the first passphrase is in a file, a further one comes from standard input. */
  int run(String input, String... arguments) throws IOException, InterruptedException {
    Path key = folder.resolve("key");
    if (!Files.exists(key)) {
      Files.writeString(key, PASSWORD);
    }
    var command = new ArrayList<>(List.of("cryptsetup", "-q"));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(output.toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().write(input.getBytes(UTF_8));
    process.getOutputStream().close();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), String.join(" ", command));
    return process.exitValue();
  }

  /** Encrypts {@code content} in place, but for its last {@link #REDUCTION} bytes. */
  Path encrypt(byte[] content, String options) throws IOException, InterruptedException {
    Path image = folder.resolve("image");
    Files.write(image, content);
    var arguments =
        new ArrayList<>(List.of("reencrypt", "--encrypt", "--type", "luks2", "--key-file", "key"));
    arguments.addAll(List.of("--luks2-metadata-size", "16k", "--luks2-keyslots-size", "512k"));
    arguments.addAll(List.of("--reduce-device-size", "1200k"));
    arguments.addAll(List.of(options.split(" ", -1)));
    arguments.add("image");
    assertEquals(
        0,
        run("", arguments.toArray(String[]::new)),
        () -> {
          try {
            return Files.readString(folder.resolve("output"));
          } catch (IOException e) {
            return e.toString();
          }
        });
    return image;
  }

  /** What is done with an open image. */
  interface Use<T> {
    T of(BlockBackend disk) throws BlockException;
  }

  /** Opens the image for reading. */
  static <T> T use(Path image, String password, boolean noIo, Use<T> use) throws BlockException {
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      graph.objects().define("secret,id=s,data=" + password);
      BlockNode node =
          graph.open(
              new OpenRequest(
                  image.toString(),
                  BlockOptions.of("driver", "luks", "key-secret", "s"),
                  NodeFlags.READ_ONLY.withNoIo(noIo),
                  false,
                  false,
                  OpenGate.DENY));
      BlockBackend disk =
          graph.use(
              node,
              "test",
              new Permissions(
                  EnumSet.of(Permission.CONSISTENT_READ), EnumSet.allOf(Permission.class)));
      try {
        return use.of(disk);
      } finally {
        disk.close();
      }
    }
  }

  /** What is told of it, without its key. */
  static JsonObject information(Path image) throws BlockException {
    return use(
        image,
        "none",
        true,
        disk -> {
          ImageInfo info = disk.node().capability(ImageInfo.class).orElseThrow();
          JsonObject all = (JsonObject) info.formatSpecific();
          return (JsonObject) all.members().get("data");
        });
  }
}
