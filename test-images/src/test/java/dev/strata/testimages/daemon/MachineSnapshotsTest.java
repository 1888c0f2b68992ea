// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of a machine with its disks: the replies are the real program's. */
final class MachineSnapshotsTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS =
      StorageDaemonTest.OURS.replace("qemu-storage-daemon", EMULATOR);

  /** How much there is to remember, and when that was. */
  private static final String VARYING =
      " +[0-9.]+ [KM]?i?B \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}";

  private static final List<String> TWO_DISKS =
      List.of(
          "-M", "none",
          "-blockdev", "driver=qcow2,node-name=a,file.driver=file,file.filename=@/a.qcow2",
          "-blockdev", "driver=qcow2,node-name=b,file.driver=file,file.filename=@/b.qcow2");
  private static final List<String> AND_A_RAW_ONE =
      Stream.concat(
              TWO_DISKS.stream(),
              Stream.of(
                  "-blockdev", "driver=raw,node-name=c,file.driver=file,file.filename=@/c.raw"))
          .toList();

  @TempDir Path folder;

  private void compare(List<String> options, List<String> script) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    assertEquals(
        String.join("\n", play(EMULATOR, options, script)),
        String.join("\n", play(OURS, options, script)));
  }

  private List<String> play(String program, List<String> options, List<String> script)
      throws Exception {
    for (String name : List.of("a.qcow2", "b.qcow2", "c.raw")) {
      Path image = folder.resolve(name);
      Files.deleteIfExists(image);
      String format = name.substring(2);
      new Commands(folder).succeed("qemu-img", "create", "-q", "-f", format, image + "", "4M");
    }
    var command =
        new ArrayList<>(
            List.of(program, "-nodefaults", "-display", "none", "-accel", "tcg", "-pidfile"));
    command.add(folder.resolve("pid").toString());
    command.add("-chardev");
    command.add("socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp"));
    command.addAll(List.of("-mon", "chardev=c,mode=control"));
    for (String option : options) {
      command.add(option.replace("@", folder.toString()));
    }
    var lines = new ArrayList<>(List.of("{\"execute\":\"qmp_capabilities\"}"));
    lines.addAll(script);
    lines.add("{\"execute\":\"quit\"}");
    // Events come when they come: the real program's commands often do the job's work first.
    return Conversation.play(folder, command, lines).stream()
        .filter(said -> !said.startsWith("{\"event\""))
        .map(said -> said.replaceAll(VARYING, " WHEN"))
        .toList();
  }

  private static String human(String line) {
    return "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\""
        + line
        + "\"}}";
  }

  /** A job, its end, and what became of it. */
  private static List<String> job(String command, String arguments) {
    return List.of(
        ("{'execute':'" + command + "','arguments':{'job-id':'j'," + arguments + "}}")
            .replace('\'', '"'),
        "poll \"concluded\" {\"execute\":\"query-jobs\"}",
        "{\"execute\":\"query-jobs\"}",
        "{\"execute\":\"job-dismiss\",\"arguments\":{\"id\":\"j\"}}",
        "{\"execute\":\"query-status\"}");
  }

  @SafeVarargs
  private static List<String> script(List<String>... parts) {
    var all = new ArrayList<String>();
    for (List<String> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  @Test
  void peopleTakeThemAndGoBack() throws Exception {
    compare(
        TWO_DISKS,
        List.of(
            human("info snapshots"),
            human("loadvm x"),
            human("info status"),
            human("cont"),
            human("savevm x"),
            human("savevm y"),
            human("savevm x"),
            human("info snapshots"),
            human("loadvm x"),
            human("info status"),
            human("delvm y"),
            human("delvm y"),
            human("info snapshots"),
            human("loadvm y"),
            human("info status"),
            human("loadvm"),
            human("delvm"),
            "run qemu-img|snapshot|-U|-l|@/a.qcow2",
            "run qemu-img|snapshot|-U|-l|@/b.qcow2"));
  }

  @Test
  void whatOneDiskAloneHasIsNone() throws Exception {
    compare(
        TWO_DISKS,
        script(
            job("snapshot-save", "'tag':'one','vmstate':'b','devices':['b']"),
            job("snapshot-save", "'tag':'both','vmstate':'b','devices':['a','b']"),
            List.of(human("info snapshots"), human("loadvm one"), human("loadvm both")),
            List.of("{\"execute\":\"cont\"}"),
            job("snapshot-load", "'tag':'one','vmstate':'b','devices':['b']"),
            List.of(human("delvm one"), human("info snapshots"))));
  }

  @Test
  void thereIsNoneWithoutADiskThatCan() throws Exception {
    List<String> all =
        List.of(human("savevm x"), human("info snapshots"), human("loadvm x"), human("delvm x"));
    compare(List.of("-M", "none"), all);
    compare(AND_A_RAW_ONE, all);
    compare(List.of("-M", "none", "-drive", "if=none,id=d,format=raw,file=@/c.raw"), all);
    compare(
        List.of("-M", "none", "-drive", "if=none,id=d,format=raw,readonly=on,file=@/c.raw"), all);
  }

  @Test
  void jobsTakeThemAndGoBack() throws Exception {
    compare(
        AND_A_RAW_ONE,
        script(
            job("snapshot-save", "'tag':'t','vmstate':'a','devices':['a','b']"),
            job("snapshot-save", "'tag':'t','vmstate':'a','devices':['a','b']"),
            job("snapshot-save", "'tag':'u','vmstate':'c','devices':['a','b']"),
            job("snapshot-save", "'tag':'u','vmstate':'a','devices':['b']"),
            job("snapshot-save", "'tag':'u','vmstate':'a','devices':['c']"),
            job("snapshot-save", "'tag':'u','vmstate':'nix','devices':['a']"),
            job("snapshot-save", "'tag':'u','vmstate':'a','devices':['a','nix']"),
            job("snapshot-save", "'tag':'u','vmstate':'a','devices':[]"),
            job("snapshot-load", "'tag':'nix','vmstate':'a','devices':['a','b']"),
            List.of("{\"execute\":\"cont\"}"),
            job("snapshot-load", "'tag':'t','vmstate':'a','devices':['a','b']"),
            job("snapshot-load", "'tag':'t','vmstate':'b','devices':['a','b']"),
            List.of("{\"execute\":\"cont\"}"),
            job("snapshot-delete", "'tag':'t','devices':['a','b']"),
            job("snapshot-delete", "'tag':'t','devices':['a','b']"),
            job("snapshot-load", "'tag':'t','vmstate':'a','devices':['a','b']")));
  }
}
