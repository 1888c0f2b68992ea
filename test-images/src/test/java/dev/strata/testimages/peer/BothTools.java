// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Our tools and the reference's with the same arguments: ours in a folder below the reference's.
 *
 * @param folder where the reference runs
 */
public record BothTools(Path folder) {
  private record Result(int code, String output) {}

  /** Where ours run. */
  public Path ours() throws IOException {
    return Files.createDirectories(folder.resolve("ours"));
  }

  /** Both say the same, and end with the same code; times apart. */
  public void assertSame(String... words) throws IOException, InterruptedException {
    Path ours = ours();
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

  /** Runs a program of the reference, which succeeds. */
  public void reference(String... words) throws IOException, InterruptedException {
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
