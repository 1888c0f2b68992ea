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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bitmaps that one daemon keeps in an image are what the other finds there. */
final class PersistentBitmapsTest {
  private static final String OPEN =
      "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"qcow2\",\"node-name\":\"disk\","
          + "\"file\":{\"driver\":\"file\",\"filename\":\"@/disk.qcow2\"}}}";
  private static final String SERVE =
      "{\"execute\":\"nbd-server-start\",\"arguments\":{\"addr\":{\"type\":\"unix\","
          + "\"data\":{\"path\":\"@/nbd\"}}}}";
  private static final String CAPABILITIES = "{\"execute\":\"qmp_capabilities\"}";
  private static final String NODES =
      "{\"execute\":\"query-named-block-nodes\",\"arguments\":{\"flat\":true}}";
  private static final String QUIT = "{\"execute\":\"quit\"}";

  private static final List<String> WRITE =
      List.of(
          CAPABILITIES,
          OPEN,
          bitmap("add", "\"node\":\"disk\",\"name\":\"all\",\"persistent\":true"),
          bitmap(
              "add",
              "\"node\":\"disk\",\"name\":\"fine\",\"persistent\":true,\"granularity\":4096"),
          bitmap("add", "\"node\":\"disk\",\"name\":\"gone\""),
          SERVE,
          export("\"writable\":true"),
          "run qemu-io|-f|raw|-c|write -q -P 1 0 100k|nbd+unix:///disk?socket=@/nbd",
          bitmap("disable", "\"node\":\"disk\",\"name\":\"all\""),
          "run qemu-io|-f|raw|-c|write -q -P 2 1M 4k|-c|write -q -z 2M 64k"
              + "|nbd+unix:///disk?socket=@/nbd",
          QUIT);

  private static final List<String> READ =
      List.of(
          CAPABILITIES,
          OPEN,
          NODES,
          SERVE,
          export("\"writable\":true,\"bitmaps\":[\"all\",\"fine\"]"),
          map("all"),
          map("fine"),
          QUIT);

  @TempDir Path folder;

  private static String bitmap(String verb, String arguments) {
    return "{\"execute\":\"block-dirty-bitmap-" + verb + "\",\"arguments\":{" + arguments + "}}";
  }

  private static String export(String more) {
    return "{\"execute\":\"block-export-add\",\"arguments\":{\"id\":\"e\",\"type\":\"nbd\","
        + "\"node-name\":\"disk\","
        + more
        + "}}";
  }

  private static String map(String bitmap) {
    return "run qemu-img|map|--output=json|--image-opts|driver=nbd,server.type=unix,"
        + "server.path=@/nbd,export=disk,x-dirty-bitmap=qemu:dirty-bitmap:"
        + bitmap;
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "theirs"})
  void whatOneDaemonKeepsTheOtherFinds(String writer) throws Exception {
    Commands.assumeInstalled(StorageDaemonTest.REAL, "qemu-img", "qemu-io");
    Path image = folder.resolve("disk.qcow2");
    var commands = new Commands(folder);
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "4M");
    String writes = writer.equals("ours") ? StorageDaemonTest.OURS : StorageDaemonTest.REAL;
    Conversation.play(folder, writes, WRITE);
    String info = commands.succeed("qemu-img", "info", image.toString());
    assertTrue(info.contains("name: all") && info.contains("name: fine"), info);
    assertTrue(!info.contains("gone") && !info.contains("in-use"), info);
    String check = commands.succeed("qemu-img", "check", image.toString());
    assertTrue(check.contains("No errors"), check);

    byte[] kept = Files.readAllBytes(image);
    String theirs = bitmaps(Conversation.play(folder, StorageDaemonTest.REAL, READ));
    Files.write(image, kept); // who opens an image to write marks its bitmaps as in use meanwhile
    String ours = bitmaps(Conversation.play(folder, StorageDaemonTest.OURS, READ));
    assertEquals(theirs, ours);
    assertTrue(ours.contains("\"count\": 131072") && ours.contains("\"count\": 172032"), ours);
  }

  @Test
  void aBitmapThatCameAgainIsTheLast() throws Exception {
    Commands.assumeInstalled("qemu-img");
    var commands = new Commands(folder);
    var infos = new ArrayList<String>();
    for (String program :
        List.of("qemu-img", StorageDaemonTest.OURS.replace("qemu-storage-daemon", "qemu-img"))) {
      String image = folder.resolve("order.qcow2").toString();
      Files.deleteIfExists(Path.of(image));
      commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", image, "4M");
      for (String name : List.of("a", "b", "c")) {
        commands.succeed(program, "bitmap", "--add", image, name);
      }
      commands.succeed(program, "bitmap", "--remove", "--add", image, "a");
      infos.add(
          commands
              .succeed("qemu-img", "info", image)
              .lines()
              .filter(line -> line.contains("name: "))
              .toList()
              .toString());
    }
    assertEquals(infos.get(0), infos.get(1));
  }

  /** All that is said of them, and where they are dirty. */
  private static String bitmaps(List<String> heard) {
    var found = new ArrayList<String>();
    for (String each : heard) {
      int start = each.indexOf("\"dirty-bitmaps\"");
      if (start >= 0) {
        found.add(each.substring(start, each.indexOf(']', start)));
      } else if (each.startsWith("[{ \"start\"")) {
        found.add(each);
      }
    }
    assertEquals(3, found.size(), () -> String.join("\n", heard));
    return String.join("\n", found);
  }
}
