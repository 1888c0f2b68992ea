// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dirty bitmaps that go with a machine, by way of a file: what is in them when it has come, and
 * what is said of them, is the real program's.
 */
@Timeout(300)
final class MovedBitmapsTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS =
      StorageDaemonTest.OURS.replace("qemu-storage-daemon", EMULATOR);

  private static final String WANT =
      command(
          "migrate-set-capabilities",
          "'capabilities':[{'capability':'dirty-bitmaps','state':true},"
              + "{'capability':'events','state':true}]");
  private static final String DONE = "poll \"completed\" {\"execute\":\"query-migrate\"}";
  private static final String WHAT_A_WRITE_TAKES = "\\d+ ops; [^\"]*";

  @TempDir Path folder;

  private static String command(String name, String arguments) {
    return ("{'execute':'" + name + "','arguments':{" + arguments + "}}").replace('\'', '"');
  }

  private static String bitmap(String command, String node, String name, String more) {
    return command(command, "'node':'" + node + "','name':'" + name + "'" + more);
  }

  private static String hash(String node, String name) {
    return bitmap("x-debug-block-dirty-bitmap-sha256", node, name, "");
  }

  private static String write(String range) {
    return command(
        "human-monitor-command", "'command-line':'qemu-io disk \\\"write " + range + "\\\"'");
  }

  private static String mapping(String node, String alias, String bitmap, String bitmapAlias) {
    return command(
        "migrate-set-parameters",
        "'block-bitmap-mapping':[{'node-name':'"
            + node
            + "','alias':'"
            + alias
            + "','bitmaps':[{'name':'"
            + bitmap
            + "','alias':'"
            + bitmapAlias
            + "'}]}]");
  }

  private List<String> play(String program, String node, List<String> options, List<String> script)
      throws Exception {
    var command =
        new ArrayList<>(
            List.of(program, "-nodefaults", "-display", "none", "-accel", "tcg", "-M", "none"));
    command.addAll(List.of("-pidfile", folder.resolve("pid").toString()));
    command.addAll(
        List.of("-chardev", "socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp")));
    command.addAll(List.of("-mon", "chardev=c,mode=control"));
    String file = "file.driver=file,file.filename=" + folder.resolve("disk.qcow2");
    command.addAll(List.of("-blockdev", "driver=qcow2,node-name=" + node + "," + file));
    command.addAll(options);
    var lines = new ArrayList<>(List.of("{\"execute\":\"qmp_capabilities\"}", WANT));
    lines.addAll(script);
    lines.add("{\"execute\":\"quit\"}");
    return Conversation.play(folder, command, lines).stream()
        .filter(said -> !said.startsWith("{\"event\""))
        .map(said -> said.replaceAll(WHAT_A_WRITE_TAKES, "SO MUCH"))
        .toList();
  }

  /** From {@code disk} on one machine to {@code there} on another one. */
  private List<String> move(
      String program, List<String> leaving, String there, List<String> comes, List<String> left)
      throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Files.deleteIfExists(image);
    new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image + "", "8M");
    var out = new ArrayList<>(leaving);
    out.add(command("migrate", "'uri':'exec:cat > @/state'"));
    out.add(DONE);
    var in = new ArrayList<>(comes);
    in.add(command("migrate-incoming", "'uri':'exec:cat @/state'"));
    in.add(DONE);
    in.addAll(left);
    var said = new ArrayList<>(play(program, "disk", List.of(), out));
    said.addAll(play(program, there, List.of("-incoming", "defer"), in));
    return said;
  }

  private List<String> compare(
      List<String> leaving, String there, List<String> comes, List<String> left) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    List<String> said = move(OURS, leaving, there, comes, left);
    assertEquals(
        String.join("\n", move(EMULATOR, leaving, there, comes, left)), String.join("\n", said));
    return said;
  }

  @Test
  void theyArriveWithWhatIsInThem() throws Exception {
    List<String> said =
        compare(
            List.of(
                bitmap("block-dirty-bitmap-add", "disk", "fine", ",'granularity':4096"),
                bitmap("block-dirty-bitmap-add", "disk", "coarse", ",'granularity':1048576"),
                bitmap("block-dirty-bitmap-add", "disk", "off", ",'disabled':true"),
                bitmap("block-dirty-bitmap-add", "disk", "kept", ",'persistent':true"),
                write("64k 100k"),
                write("5M 4k"),
                hash("disk", "fine"),
                hash("disk", "coarse"),
                hash("disk", "off"),
                hash("disk", "kept")),
            "disk",
            List.of(),
            List.of(
                hash("disk", "fine"),
                hash("disk", "coarse"),
                hash("disk", "off"),
                hash("disk", "kept"),
                "{\"execute\":\"cont\"}",
                write("7M 4k"),
                hash("disk", "fine"),
                hash("disk", "off"),
                bitmap("block-dirty-bitmap-remove", "disk", "kept", "")));
    List<String> hashes = said.stream().filter(line -> line.contains("\"sha256\"")).toList();
    assertEquals(10, hashes.size());
    assertEquals(hashes.subList(0, 4), hashes.subList(4, 8));
    assertTrue(!hashes.get(0).equals(hashes.get(8)) && hashes.get(2).equals(hashes.get(9)));
  }

  @Test
  void theyGoByOtherNamesAndWhatHasNoneStays() throws Exception {
    compare(
        List.of(
            bitmap("block-dirty-bitmap-add", "disk", "fine", ""),
            bitmap("block-dirty-bitmap-add", "disk", "stays", ""),
            write("64k 100k"),
            hash("disk", "fine"),
            mapping("disk", "way", "fine", "f")),
        "there",
        List.of(mapping("there", "way", "arrived", "f")),
        List.of(hash("there", "arrived"), hash("there", "fine"), hash("there", "stays")));
  }
}
