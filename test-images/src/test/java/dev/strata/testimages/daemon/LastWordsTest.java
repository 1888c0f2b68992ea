// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What programs say when they cannot go on, or cannot write at the end, is the real ones'. */
@Timeout(300)
final class LastWordsTest {
  private static final String BIN =
      Path.of("..", "bin").toAbsolutePath().normalize().toString() + "/";
  private static final String FAILS_AFTER_A_WRITE =
      "\"inject-error\":[{\"event\":\"read_aio\",\"state\":42}],"
          + "\"set-state\":[{\"event\":\"write_aio\",\"new_state\":42}]";

  @TempDir Path folder;
  private Commands commands;

  @BeforeEach
  void prepare() throws Exception {
    commands = new Commands(folder);
    Commands.assumeInstalled("qemu-img", "qemu-io", "qemu-system-x86_64");
    commands.succeed("qemu-img", "create", "-q", "-f", "raw", "raw", "4M");
    commands.succeed("qemu-io", "-f", "raw", "-c", "write -P 1 70k 1k", "raw");
    createImage();
  }

  private void createImage() throws Exception {
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", "image", "4M");
  }

  private static String withoutTimes(String text) {
    return text.lines()
        .filter(line -> !line.startsWith("{\"QMP\"") && !line.contains("building Strata"))
        .map(line -> line.replaceAll("^(\\d+ .*B?, \\d+ ops); .*", "$1"))
        .map(line -> line.replaceAll("\\{\"seconds\".*?\\}", "NOW"))
        .collect(Collectors.joining("\n"));
  }

  private String bothSay(List<String> words) throws Exception {
    Commands.Outcome theirs = commands.run(words);
    var ours = new ArrayList<>(words);
    ours.set(0, BIN + words.get(0));
    Commands.Outcome own = commands.run(ours);
    assertEquals(withoutTimes(theirs.text()), withoutTimes(own.text()));
    assertEquals(theirs.code(), own.code());
    return own.text();
  }

  @Test
  void copiesThatDifferEndQemuIo() throws Exception {
    String verify = "open -o driver=raw,file.driver=blkverify,file.raw.filename=raw image";
    String said =
        bothSay(List.of("qemu-io", "-c", verify, "-c", "read 0 64k", "-c", "read 64k 1M"));
    assertTrue(said.contains("contents mismatch at offset 71680"), said);
    String quorum =
        "open -o driver=quorum,vote-threshold=2,blkverify=on,children.0.driver=raw,"
            + "children.0.file.filename=raw,children.1.driver=qcow2,children.1.file.filename=image";
    said = bothSay(List.of("qemu-io", "-c", quorum, "-c", "read 0 1M", "-c", "read 0 512"));
    assertTrue(said.startsWith("quorum: offset=0"), said);
  }

  private String play(String program, String... script) throws Exception {
    Path lines = folder.resolve("script");
    Files.writeString(lines, String.join("\n", script) + "\n");
    String command = "exec " + program + " -nodefaults -M none -display none -qmp stdio < script";
    Commands.Outcome outcome = commands.run(List.of("sh", "-c", command));
    return withoutTimes(outcome.text()).replaceAll("(?m)^.*qemu-system", "qemu-system");
  }

  private String bothPlay(String... script) throws Exception {
    String theirs = play("qemu-system-x86_64", script);
    createImage();
    assertEquals(theirs, play(BIN + "qemu-system-x86_64", script));
    return theirs;
  }

  private static String add(String options) {
    return "{\"execute\":\"blockdev-add\",\"arguments\":{" + options + "}}";
  }

  private static String tell(String command) {
    return "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":"
        + ("\"qemu-io disk \\\"" + command + "\\\"\"}}");
  }

  @Test
  void whatCannotBeWrittenIsSaidBeforeTheAnswerToQuit() throws Exception {
    String said =
        bothPlay(
            "{\"execute\":\"qmp_capabilities\"}",
            add("\"node-name\":\"file\",\"driver\":\"file\",\"filename\":\"image\""),
            add(
                "\"driver\":\"qcow2\",\"node-name\":\"disk\",\"file\":{\"driver\":\"blkdebug\","
                    + "\"image\":\"file\","
                    + FAILS_AFTER_A_WRITE
                    + "}"),
            tell("read 0 512"),
            tell("write 0 512"),
            tell("read 0 512"),
            "{\"execute\":\"quit\"}");
    assertTrue(said.contains("Failed to flush the refcount block cache"), said);
    assertTrue(said.endsWith("{\"return\": {}}"), said);
  }

  @Test
  void copiesThatDifferEndAMachine() throws Exception {
    String said =
        bothPlay(
            "{\"execute\":\"qmp_capabilities\"}",
            add(
                "\"node-name\":\"disk\",\"driver\":\"blkverify\",\"test\":{\"driver\":\"qcow2\","
                    + "\"file\":{\"driver\":\"file\",\"filename\":\"image\"}},\"raw\":{"
                    + "\"driver\":\"file\",\"filename\":\"raw\"}"),
            tell("read 0 64k"),
            tell("read 64k 64k"),
            "{\"execute\":\"quit\"}");
    assertTrue(said.endsWith("contents mismatch at offset 71680"), said);
  }
}
