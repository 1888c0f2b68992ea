// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How a drive is opened, read and written from a monitor, in our program and in the real one: the
 * same answers, and the same on the standard output.
 */
@Timeout(300) // the first may have to build
final class DriveInspectionTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS =
      StorageDaemonTest.OURS.replace("qemu-storage-daemon", EMULATOR);

  @TempDir Path folder;

  private static String human(String line) {
    return command(
        "human-monitor-command",
        "\"command-line\": \"" + line.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
  }

  private static String command(String name, String arguments) {
    return "{\"execute\": \"" + name + "\", \"arguments\": {" + arguments + "}}";
  }

  private void compare(List<String> options, List<String> script) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    assertEquals(play(EMULATOR, options, script), play(OURS, options, script));
  }

  /** Answers in their order, then what else is printed: buffered, it comes when it comes. */
  private String play(String program, List<String> options, List<String> script) throws Exception {
    Map<Boolean, List<String>> lines =
        said(program, options, script)
            .lines()
            .filter(line -> !line.startsWith("{\"timestamp\""))
            .filter(line -> !line.contains("warning: The target "))
            .map(line -> line.replaceAll("\\d+ ops; [^)]*\\)", "N ops"))
            .map(line -> line.replaceAll("#block\\d+", "#blockN"))
            .map(line -> line.replaceAll("disk size: [^\\\\]*", "disk size: N"))
            .collect(Collectors.partitioningBy(line -> line.startsWith("{")));
    return String.join("\n", lines.get(true)) + "\n" + String.join("\n", lines.get(false));
  }

  private List<String> events(String program, List<String> script) throws Exception {
    List<String> nodes =
        List.of(
            "-blockdev",
            "null-co,node-name=node,size=1048576,read-zeroes=on",
            "-blockdev",
            "null-co,node-name=other,size=1048576,read-zeroes=on");
    return said(program, nodes, script)
        .lines()
        .filter(line -> line.startsWith("{\"timestamp\""))
        .map(line -> line.substring(line.indexOf("}, ") + 3))
        .toList();
  }

  private String said(String program, List<String> options, List<String> script) throws Exception {
    Path image = folder.resolve("a.qcow2");
    new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image + "", "1M");
    var words = new ArrayList<>(List.of(program, "-M", "none", "-display", "none"));
    words.addAll(List.of("-nodefaults", "-qmp", "stdio"));
    options.forEach(option -> words.add(option.replace("@", image.toString())));
    Path said = folder.resolve("said");
    var lines = new ArrayList<>(List.of("{\"execute\": \"qmp_capabilities\"}"));
    lines.addAll(script);
    lines.add("{\"execute\": \"quit\"}");
    Process process =
        new ProcessBuilder(words).redirectOutput(said.toFile()).redirectErrorStream(true).start();
    try {
      say(process.getOutputStream(), String.join("\n", lines) + "\n");
      assertTrue(process.waitFor(200, TimeUnit.SECONDS), program);
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(said, UTF_8)
        .replaceAll("(?m)^\\{\"QMP\".*$", "greeting")
        .replaceAll("(?m)^.*" + EMULATOR + ": ", EMULATOR + ": ");
  }

  /** The other end stays open: who quits is still to have the answer. */
  private static void say(OutputStream input, String script) {
    try {
      input.write(script.getBytes(UTF_8));
      input.flush();
    } catch (IOException e) {
      // It has ended, for it does not take its options: what it says of them is compared.
    }
  }

  @Test
  void jobsSnapshotsLimitsAndObjectsAreAskedForByPeople() throws Exception {
    List<String> options =
        List.of(
            "-drive",
            "if=none,id=disk,file=@,format=qcow2",
            "-drive",
            "if=none,id=null,driver=null-co,size=1048576,read-zeroes=on");
    compare(
        options,
        Stream.of(
                "info block-jobs",
                "drive_mirror",
                "drive_mirror disk",
                "drive_mirror -z disk m",
                "drive_mirror nix m",
                "drive_mirror -n disk @-absent",
                "drive_backup -n disk @-absent",
                "drive_backup -c null @-backup nix",
                "block_stream",
                "block_stream disk x",
                "block_stream disk 1M absent",
                "block_job_set_speed disk",
                "block_job_set_speed disk 1M",
                "block_job_cancel -f disk",
                "block_job_pause disk",
                "block_job_resume disk",
                "block_job_complete disk",
                "block_job_complete disk more",
                "block_set_io_throttle disk 1 2 3 4 5 6",
                "block_set_io_throttle disk 0 0 0 0 0",
                "block_set_io_throttle disk 0 (4*1024) 0 0 0 0",
                "info block disk",
                "block_set_io_throttle disk 0 0 0 0 0 0",
                "block_set_io_throttle nix 0 0 0 0 0 0",
                "snapshot_blkdev",
                "snapshot_blkdev disk",
                "snapshot_blkdev -n disk @-absent",
                "snapshot_blkdev nix @-over",
                "snapshot_blkdev disk @-over vdi",
                "snapshot_blkdev_internal disk s1",
                "snapshot_blkdev_internal disk s1",
                "snapshot_blkdev_internal disk",
                "snapshot_delete_blkdev_internal disk s1 7",
                "snapshot_delete_blkdev_internal disk s1",
                "snapshot_delete_blkdev_internal disk s1",
                "object_add secret,id=s0,data=abc",
                "object_add nix,id=s1",
                "object_add secret,data=abc",
                "object_add",
                "qom-list /objects",
                "qom-list",
                "qom-list /absent",
                "qom-get /objects type",
                "qom-get /objects",
                "object_del s0",
                "object_del s0",
                "object_del")
            .map(line -> human(line.replace("@", folder + "/x")))
            .toList());
  }

  /** A drive's node is the one that was there before the job, and nothing is made in vain. */
  @Test
  void aFilterOfAJobWithoutANameIsNotShown() throws Exception {
    List<String> options =
        List.of(
            "-blockdev",
            "null-co,node-name=base,size=1048576,read-zeroes=off",
            "-blockdev",
            "qcow2,node-name=top,backing=base,file.driver=file,file.filename=@",
            "-drive",
            "if=none,id=disk,driver=raw,file=top");
    for (String job :
        List.of(
            command("block-stream", "\"device\": \"top\", \"job-id\": \"j\", \"speed\": 65536"),
            command(
                "block-stream",
                "\"device\": \"top\", \"job-id\": \"j\", \"speed\": 65536,"
                    + " \"filter-node-name\": \"named\""))) {
      compare(
          options,
          List.of(
              job,
              human("snapshot_blkdev disk " + folder + "/over"),
              human("info block disk"),
              command("block-job-cancel", "\"device\": \"j\", \"force\": true")));
      assertFalse(Files.exists(folder.resolve("over")));
    }
  }

  @Test
  void commandsOfQemuIoWorkOnDrivesAndNodes() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=disk,file=@,format=qcow2",
            "-blockdev",
            "null-co,node-name=node,size=65536,read-zeroes=on",
            "-blockdev",
            "null-co,node-name=fixed,size=65536,read-zeroes=on,read-only=on"),
        List.of(
            human("qemu-io disk \"write -P 7 4k 4k\""),
            human("qemu-io disk \"read -P 7 4k 4k\""),
            human("qemu-io disk \"read -P 8 4k 4k\""),
            human("qemu-io disk length "),
            human("qemu-io disk \"truncate 2M\""),
            human("qemu-io disk length"),
            human("qemu-io node \"read -P 0 0 512\""),
            human("qemu-io node \"aio_read 0 512\""),
            human("qemu-io fixed \"write 0 512\""),
            human("qemu-io disk \"read 4M 512\"")));
  }

  @Test
  void drivesAndNodesAreShownWithAllThatIsBelow() throws Exception {
    Path over = folder.resolve("over.qcow2");
    Files.deleteIfExists(over);
    compare(
        List.of(
            "-drive",
            "if=none,id=disk,file=@,format=qcow2,node-name=disk-node",
            "-drive",
            "if=none,id=slow,driver=null-co,read-zeroes=on,throttling.iops-total=50,"
                + "throttling.bps-read=1000,throttling.iops-size=5,throttling.group=g",
            "-blockdev",
            "null-co,node-name=zeroes,size=65536,read-zeroes=on,detect-zeroes=on",
            "-blockdev",
            "file,node-name=file,filename=@,read-only=on,cache.direct=on,cache.no-flush=on"),
        List.of(
            command(
                "blockdev-snapshot-sync",
                "\"device\": \"disk\", \"snapshot-node-name\": \"over\", \"snapshot-file\": \""
                    + over
                    + "\""),
            human("info block"),
            human("info block -v"),
            human("info block -v disk"),
            human("info block -v nobody"),
            human("info block -n over"),
            human("info block -n -v over"),
            human("info block -n zeroes"),
            human("info block -n file"),
            human("info block -n -v zeroes")));
    Files.deleteIfExists(over);
  }

  @Test
  void whatIsNoCommandOfAMonitorsIsRefused() throws Exception {
    compare(
        List.of("-drive", "if=none,id=disk,file=@,format=qcow2"),
        List.of(
            human("qemu-io disk \"open x\""),
            human("qemu-io disk \"close\""),
            human("qemu-io disk \"quit\""),
            human("qemu-io disk \"\""),
            human("qemu-io"),
            human("qemu-io disk"),
            human("qemu-io disk read 0 512"),
            human("qemu-io disk \"length\" x"),
            human("qemu-io disk \"a\\\\\\\"b\""),
            human("qemu-io -x disk length"),
            human("qemu-io -d disk length"),
            human("qemu-io nothing length"),
            human("help qemu-io")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aio=threads",
        "aio=io_uring",
        "aio=foo",
        "copy-on-read=on",
        "copy-on-read=on,read-only=on",
        "cache=none,cache.direct=off",
        "cache.writeback=off",
        "cache.no-flush=on",
        "detect-zeroes=on",
        "iops=5",
        "iops_rd=7,iops_rd_max=9",
        "bps_wr=5,group=both",
        "iops_size=77,iops=9",
        "throttling.bps-total=5,throttling.group=both",
        "throttling.iops-total=5,throttling.iops-read=3",
        "iops=5,throttling.iops-total=6",
        "throttling.group=alone",
      })
  void drivesAreOpenedAsTheOptionsSay(String options) throws Exception {
    compare(
        List.of("-drive", "if=none,id=disk,file=@,format=qcow2," + options),
        List.of("{\"execute\": \"query-block\"}"));
  }

  @Test
  void aJobIsCalledAsItsDriveIfNothingElseIsSaid() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=disk,file=@,format=qcow2",
            "-blockdev",
            "null-co,node-name=node,size=1048576,read-zeroes=on",
            "-blockdev",
            "null-co,node-name=other,size=1048576,read-zeroes=on"),
        List.of(
            command(
                "blockdev-backup",
                "\"device\": \"node\", \"target\": \"other\", \"sync\": \"full\""),
            command(
                "blockdev-mirror",
                "\"device\": \"node\", \"target\": \"other\", \"sync\": \"full\""),
            command("block-stream", "\"device\": \"node\""),
            command(
                "blockdev-backup",
                "\"device\": \"disk\", \"target\": \"other\", \"sync\": \"none\", \"speed\": 1"),
            command("block-job-cancel", "\"device\": \"disk\"")));
  }

  @Test
  void aNewTargetIsToldOfOnTheStandardOutput() throws Exception {
    String file = folder.resolve("new.img").toString();
    compare(
        List.of("-drive", "if=none,id=disk,file=@,format=qcow2"),
        List.of(
            command(
                "drive-mirror",
                "\"device\": \"disk\", \"target\": \"" + file + "\", \"sync\": \"full\""),
            command("block-job-cancel", "\"device\": \"disk\"")));
  }

  @Test
  void internalSnapshotsAreListedWithTheImage() throws Exception {
    String listed =
        play(
            OURS,
            List.of("-drive", "if=none,id=disk,file=@,format=qcow2"),
            List.of(
                command(
                    "blockdev-snapshot-internal-sync", "\"device\": \"disk\", \"name\": \"first\""),
                "{\"execute\": \"query-block\"}"));
    assertTrue(listed.contains("\"snapshots\": [{"), listed);
    assertTrue(listed.contains("\"name\": \"first\""), listed);
  }

  @Test
  void whoQuitsHearsOfExportsAndJobsThatEndWithThat() throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    assertEquals(endings(EMULATOR), endings(OURS));
  }

  /** The events of the end, but for pauses of the job, which are the reference's own affair. */
  private List<String> endings(String program) throws Exception {
    Files.deleteIfExists(folder.resolve("nbd"));
    return events(
            program,
            List.of(
                command(
                    "nbd-server-start",
                    "\"addr\": {\"type\": \"unix\", \"data\": {\"path\": \""
                        + folder.resolve("nbd")
                        + "\"}}"),
                command(
                    "block-export-add",
                    "\"type\": \"nbd\", \"id\": \"first\", \"node-name\": \"node\""),
                command(
                    "block-export-add",
                    "\"type\": \"nbd\", \"id\": \"second\", \"node-name\": \"node\","
                        + " \"name\": \"b\""),
                command(
                    "blockdev-backup",
                    "\"job-id\": \"job\", \"device\": \"node\", \"target\": \"other\","
                        + " \"sync\": \"none\"")))
        .stream()
        .filter(event -> !event.contains("\"paused\"") && !event.contains("\"running\""))
        .toList();
  }

  @Test
  void twoJobsBackUpOneDisk() throws Exception {
    compare(
        List.of(
            "-blockdev",
            "qcow2,node-name=disk,file.driver=file,file.filename=@",
            "-blockdev",
            "null-co,node-name=one,size=1048576,read-zeroes=on",
            "-blockdev",
            "null-co,node-name=two,size=1048576,read-zeroes=on"),
        List.of(
            command(
                "blockdev-backup",
                "\"device\": \"disk\", \"target\": \"one\", \"sync\": \"none\","
                    + " \"job-id\": \"first\""),
            command(
                "blockdev-backup",
                "\"device\": \"disk\", \"target\": \"two\", \"sync\": \"none\","
                    + " \"job-id\": \"second\""),
            command(
                "blockdev-backup",
                "\"device\": \"disk\", \"target\": \"two\", \"sync\": \"none\","
                    + " \"job-id\": \"third\""),
            command("blockdev-del", "\"node-name\": \"disk\""),
            command("block-job-cancel", "\"device\": \"first\""),
            command("block-job-cancel", "\"device\": \"second\"")));
  }

  @Test
  void anOldStyleExportIsOfADriveOrANode() throws Exception {
    Files.deleteIfExists(folder.resolve("nbd"));
    compare(
        List.of("-drive", "if=none,id=disk,file=@,format=qcow2,node-name=node"),
        List.of(
            command(
                "nbd-server-start",
                "\"addr\": {\"type\": \"unix\", \"data\": {\"path\": \""
                    + folder.resolve("nbd")
                    + "\"}}"),
            command("nbd-server-add", "\"device\": \"disk\""),
            "{\"execute\": \"query-block-exports\"}",
            command("nbd-server-remove", "\"name\": \"disk\"")));
  }
}
