// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.strata.testimages.nbdserver.Commands;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ours says what the real one says. */
@Execution(ExecutionMode.CONCURRENT)
final class StorageDaemonTest {
  static final String OURS =
      Path.of("..", "bin", "qemu-storage-daemon").toAbsolutePath().normalize().toString();
  static final String REAL = "qemu-storage-daemon";

  private static final Pattern JOB = Pattern.compile("\"(?:id|device)\": \"([^\"]*)\"");

  /** The real one's failure now and then, on a machine whose processor time is coarse. */
  private static final String UNMEASURED = "Unable to get accurate CPU usage";

  private static final int MOST_PLAYS = 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nodes-and-exports",
        "bitmaps",
        "exported-bitmaps",
        "reopen",
        "arguments",
        "backup",
        "backup-modes",
        "stream",
        "commit",
        "mirror",
        "mirror-end",
        "create",
        "copy-on-read",
        "full-window",
        "stream-hold",
        "chain-jobs",
        "transaction",
        "grouped",
        "graph",
        "chardevs",
        "qom",
        "drive-backup",
        "drive-mirror",
        "amend",
        "corruption",
        "quorum",
        "write-threshold",
        "vhost-user"
      })
  void repliesAndEventsAreThoseOfTheRealDaemon(String script) throws Exception {
    Commands.assumeInstalled(REAL, "qemu-img", "qemu-io");
    List<String> lines = script(script + ".qmp");
    List<String> theirs = withoutDrains(measured(lines));
    List<String> ours = withoutDrains(play(OURS, lines));
    assertEquals(String.join("\n", theirs), String.join("\n", ours));
  }

  @Test
  void whatAJobDoesIsToldAfterTheAnswerToTheCommandThatHasItDone() throws Exception {
    Commands.assumeInstalled(REAL, "qemu-img", "qemu-io");
    List<String> lines = script("pace.qmp");
    assertEquals(fromThePauseOn(play(REAL, lines)), fromThePauseOn(play(OURS, lines)));
  }

  /** How soon the real one's job is ready is a matter of chance. */
  private static String fromThePauseOn(List<String> said) {
    int first = 0;
    while (!said.get(first).contains("job-pause")) {
      first++;
    }
    return String.join("\n", said.subList(first, said.size()));
  }

  /** What the real one says, when it could measure how slow a key's derivation is to be. */
  private List<String> measured(List<String> lines) throws Exception {
    List<String> said = play(REAL, lines);
    for (int i = 0; i < MOST_PLAYS && String.join("", said).contains(UNMEASURED); i++) {
      said = play(REAL, lines);
    }
    return said;
  }

  private List<String> play(String program, List<String> lines) throws Exception {
    create("a.qcow2", "10M", null);
    create("base.qcow2", "4M", null);
    create("mid.qcow2", "4M", "base.qcow2");
    create("top.qcow2", "4M", "mid.qcow2");
    create("t.qcow2", "4M", null);
    create("t2.qcow2", "4M", null);
    write("base.qcow2", "write -P 1 0 2M");
    write("mid.qcow2", "write -P 2 1M 512k");
    write("top.qcow2", "write -P 3 3M 64k");
    return Conversation.play(folder, program, lines);
  }

  private void create(String name, String size, @Nullable String backing) throws Exception {
    Path image = folder.resolve(name);
    Files.deleteIfExists(image);
    var words = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
    if (backing != null) {
      words.addAll(List.of("-b", backing, "-F", "qcow2"));
    }
    words.addAll(List.of(image.toString(), size));
    new Commands(folder).succeed(words.toArray(String[]::new));
  }

  private void write(String name, String command) throws Exception {
    new Commands(folder).succeed("qemu-io", "-c", command, folder.resolve(name).toString());
  }

  /**
   * The real one pauses a job that begins, until the requests before it are through: it runs again
   * by itself, where one that is told to pause has to be told to resume.
   */
  private static List<String> withoutDrains(List<String> said) {
    List<String> kept = afterReplies(said);
    for (int i = 0; i < kept.size(); i++) {
      if (kept.get(i).contains("\"status\": \"paused\"")) {
        int runs = i + 1;
        while (runs < kept.size() && !isRunning(kept.get(runs)) && !resumes(kept.get(runs))) {
          runs++;
        }
        if (runs < kept.size() && isRunning(kept.get(runs))) {
          kept.remove(runs);
          kept.remove(i--);
        }
      }
    }
    return Collections.unmodifiableList(kept);
  }

  private static boolean resumes(String line) {
    return line.startsWith("> ") && line.contains("job-resume");
  }

  private static boolean isRunning(String line) {
    return isEvent(line) && line.contains("\"status\": \"running\"");
  }

  /**
   * Whether a reply or an event of a job's own thread comes first is a matter of chance, and so is
   * which of two jobs is told of first: of what follows a command, replies come first here, then
   * the events of each job.
   */
  private static List<String> afterReplies(List<String> said) {
    var sorted = new ArrayList<>(said);
    int start = 0;
    for (int i = 0; i <= sorted.size(); i++) {
      if (i == sorted.size() || sorted.get(i).startsWith("> ")) {
        List<String> answer = sorted.subList(start, i);
        answer.sort(
            Comparator.comparing((String line) -> isEvent(line)).thenComparing(line -> job(line)));
        start = i + 1;
      }
    }
    return sorted;
  }

  /** The job that an event is about; "" for a reply. */
  private static String job(String line) {
    var matcher = JOB.matcher(line);
    return isEvent(line) && matcher.find() ? String.valueOf(matcher.group(1)) : "";
  }

  private static boolean isEvent(String line) {
    return line.startsWith("{\"event\"");
  }

  private static List<String> script(String name) throws IOException {
    try (InputStream in = StorageDaemonTest.class.getResourceAsStream(name)) {
      assertNotNull(in, name);
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
