// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A daemon that is killed while a job runs: all images are sound for ours and for the real tool,
 * and the disk reads as before. System property {@code strata.long}: 40 times a job, not once.
 */
final class KilledJobsTest {
  private static final Path BIN = Path.of("..", "bin").toAbsolutePath().normalize();
  private static final int LEAKS = 3; // qemu-img check: there are leaks and no errors
  private static final int MOST_QUESTIONS = 40; // between the job's beginning and the end
  private static final List<String> IMAGES =
      List.of("base.qcow2", "mid.qcow2", "top.qcow2", "t.qcow2");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blockdev-backup|\"target\":\"t\",\"sync\":\"full\"",
        "blockdev-mirror|\"target\":\"t\",\"sync\":\"full\"",
        "block-stream|\"base-node\":\"base\"",
        "block-commit|\"top-node\":\"mid\",\"base-node\":\"base\"",
        "block-commit|\"base-node\":\"base\""
      })
  void aDaemonThatIsKilledLeavesSoundImages(String command, String arguments) throws Exception {
    Commands.assumeInstalled("qemu-img", "qemu-io");
    var random = new Random(command.hashCode() + arguments.hashCode());
    int rounds = Boolean.getBoolean("strata.long") ? 40 : 1;
    for (int round = 0; round < rounds; round++) {
      makeImages();
      var script = new ArrayList<String>();
      script.add("{\"execute\":\"qmp_capabilities\"}");
      script.add(node("base", ""));
      script.add(node("mid", ",\"backing\":\"base\""));
      script.add(node("top", ",\"backing\":\"mid\""));
      script.add(node("t", ""));
      script.add(
          "{\"execute\":\""
              + command
              + "\",\"arguments\":{\"job-id\":\"j\",\"device\":\"top\","
              + arguments
              + "}}");
      int questions = random.nextInt(MOST_QUESTIONS);
      for (int i = 0; i < questions; i++) {
        script.add("{\"execute\":\"query-jobs\"}");
      }
      List<String> heard =
          Conversation.kill(folder, BIN.resolve("qemu-storage-daemon").toString(), script);
      assertTrue(heard.stream().noneMatch(line -> line.startsWith("{\"error\"")), heard::toString);
      checkImages(command + " after " + questions + " questions");
    }
  }

  private static String node(String name, String more) {
    return "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"qcow2\",\"node-name\":\""
        + name
        + "\",\"file\":{\"driver\":\"file\",\"filename\":\"@/"
        + name
        + ".qcow2\"}"
        + more
        + "}}";
  }

  private void makeImages() throws Exception {
    for (String image : IMAGES) {
      Files.deleteIfExists(folder.resolve(image));
    }
    run("qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M");
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "mid.qcow2");
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "mid.qcow2", "-F", "qcow2", "top.qcow2");
    run("qemu-img", "create", "-q", "-f", "qcow2", "t.qcow2", "64M");
    run("qemu-io", "-c", "write -P 1 0 40M", "base.qcow2");
    run("qemu-io", "-c", "write -P 2 8M 24M", "-c", "write -z 36M 1M", "mid.qcow2");
    run("qemu-io", "-c", "write -P 3 30M 9M", "-c", "write -P 4 60M 3M", "top.qcow2");
    run("qemu-img", "convert", "-O", "raw", "top.qcow2", "before.raw");
  }

  private void run(String... words) throws Exception {
    new Commands(folder).succeed(words);
  }

  private void checkImages(String when) throws Exception {
    for (String image : IMAGES) {
      for (String tool : List.of("qemu-img", BIN.resolve("qemu-img").toString())) {
        Commands.Outcome outcome =
            new Commands(folder)
                .run(List.of(tool, "check", "-f", "qcow2", folder.resolve(image).toString()));
        assertTrue(
            outcome.code() == 0 || outcome.code() == LEAKS,
            () -> image + ", " + tool + ", " + when + ": " + outcome.text());
      }
    }
    Commands.Outcome same =
        new Commands(folder)
            .run(List.of("qemu-img", "compare", "-F", "raw", "top.qcow2", "before.raw"));
    assertEquals(0, same.code(), () -> when + ": " + same.text());
  }
}
