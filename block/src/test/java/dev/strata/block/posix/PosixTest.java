// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each in a JVM of its own, since what is asked for is how one starts. */
class PosixTest {
  @TempDir Path folder;

  @Test
  void askingDoesNotLoadTheForeignFunctionInterface() throws Exception {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    assertEquals("null", run("ask", "--enable-native-access=ALL-UNNAMED"));
    assertFalse(loaded().contains("jdk.internal.foreign.abi.DowncallLinker"));
    assertEquals("null true", run("open", "--enable-native-access=ALL-UNNAMED"));
    assertTrue(loaded().contains("jdk.internal.foreign.abi.DowncallLinker"));
  }

  @Test
  void theToolsOpenFilesWithoutIt() throws Exception {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the library is for x86-64");
    Path library = folder.resolve("calls.so");
    DirectCallLibrary.main(new String[] {library.toString()});
    String access = "--enable-native-access=ALL-UNNAMED";
    assertEquals("null true", run("open", access, "-Dstrata.calls=" + library));
    assertFalse(loaded().contains("jdk.internal.foreign.abi.DowncallLinker"));
    // One that is gone is none.
    assertEquals("null true", run("open", access, "-Dstrata.calls=" + folder.resolve("absent")));
  }

  @Test
  void withoutThePermissionThereIsAReasonAndNoWarningOfTheJvm() throws Exception {
    assumeTrue(Posix.isAvailable(), Posix::unavailableReason);
    assertEquals("native file access needs --enable-native-access=ALL-UNNAMED", run("ask"));
  }

  @Test
  void elsewhereThereIsAReason() throws Exception {
    String access = "--enable-native-access=ALL-UNNAMED";
    assertEquals(
        "native file access needs Linux, not Mac OS X", run("ask", access, "-Dos.name=Mac OS X"));
    assertEquals(
        "native file access needs x86-64 or aarch64, not s390x",
        run("ask", access, "-Dos.arch=s390x"));
  }

  @Test
  void aPageIsAPowerOfTwoOfAtLeastFourKibibytes() {
    assertTrue(Posix.pageSize() >= 4096);
    assertEquals(1, Integer.bitCount(Posix.pageSize()));
  }

  /** What {@link Ask} prints, on either stream. */
  private String run(String what, String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.add("-Xlog:class+load:file=" + folder.resolve("classes"));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Ask.class.getName(), what));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }

  private String loaded() throws IOException {
    return Files.readString(folder.resolve("classes"));
  }

  /** The program of those JVMs. */
  static final class Ask {
    private Ask() {}

    public static void main(String[] arguments) throws IOException {
      String reason = String.valueOf(Posix.unavailableReason());
      if (arguments[0].equals("open")) {
        try (FileDescriptor file =
            FileDescriptor.open(Path.of("/dev/null"), OpenFlags.READ_ONLY, 0)) {
          reason += " " + file.status().isCharacterDevice();
        }
      }
      System.out.println(reason);
    }
  }
}
