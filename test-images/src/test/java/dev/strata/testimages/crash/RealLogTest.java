// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real {@code qemu-io} and {@code qemu-img} write over their own {@code blklogwrites}; what a
 * power cut may have left of that is judged as our own is. They must not leave corrupt images
 * either, or the oracle asks too much. They do not put data on disk before the entries that point
 * there, so that a block may hold neither the old nor the new, or lie behind the end of the file;
 * how many states are so is printed. {@code strata.real.workloads} says how much is tried.
 */
final class RealLogTest {
  private static final int FEW = 2;
  private static final int MANY = 40;
  private static final int PROCESSES = 5;
  private static final int MOST_STATES = 1500; // of one workload
  private static final int HOT_CLUSTERS = 8;
  private static final String BEYOND_END = "region exceeding the end of the file";

  @TempDir Path folder;

  private String run(List<String> words) throws Exception {
    Process process =
        new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), () -> words + ": " + output);
    return output;
  }

  @ParameterizedTest
  @ValueSource(strings = {"qcow2-v2", "qcow2-v3", "qcow2-small", "qcow2-lazy", "qcow2-extended"})
  void theRealProgramsLeaveNothingCorrupt(String name) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-io")), "no qemu-io");
    ImageKind kind = ImageKind.named(name);
    int many = Boolean.getBoolean("strata.long") ? MANY : FEW;
    int workloads = Integer.getInteger("strata.real.workloads", many);
    var counts = new int[2]; // states, and those with a block that holds neither
    for (int seed = 1; seed <= workloads; seed++) {
      workload(kind, seed, counts);
    }
    System.out.println(
        name
            + ": "
            + counts[0]
            + " states of the real programs, none corrupt; in "
            + counts[1]
            + " data were not there yet");
    assertTrue(counts[0] > 0);
  }

  private void workload(ImageKind kind, long seed, int[] counts) throws Exception {
    PreparedImage prepared = PreparedImage.of(kind);
    byte[] before = prepared.files().getOrDefault(Stage.IMAGE, new byte[0]);
    Files.write(folder.resolve(Stage.IMAGE), before);
    Path log = folder.resolve("log");
    Files.write(log, new byte[0]);
    var model = new GuestModel(prepared.values());
    var random = new Random(seed);
    int number = 0;
    for (int i = 0; i < PROCESSES; i++) {
      int start = events(log).size();
      String image =
          "driver=qcow2,file.driver=blklogwrites,file.file.driver=file,file.file.filename="
              + Stage.IMAGE
              + ",file.log.driver=file,file.log.filename=log,file.log-append="
              + (start == 0 ? "off" : "on");
      if (i == PROCESSES / 2) {
        run(List.of("/usr/bin/qemu-img", "snapshot", "-c", "s", "--image-opts", image));
        int end = events(log).size();
        model.snapshotCreated("s", start, end);
        model.flushed(end);
        continue;
      }
      var words = new ArrayList<>(List.of("/usr/bin/qemu-io", "-d", "unmap", "--image-opts"));
      for (int at = 0; at < 3; at++) {
        words.addAll(List.of("-c", command(kind, model, random, ++number, start)));
      }
      words.add(image);
      run(words);
      model.flushed(events(log).size());
    }
    List<Recording.Event> events = events(log);
    var judge = new Judge(kind, model, Map.of());
    var looked = new int[1];
    new PowerCuts(
            Map.of(Stage.IMAGE, before),
            events,
            model,
            seed,
            Explorer.SAMPLES,
            (state, cut, how) -> {
              counts[0]++;
              try {
                judge.look(state, cut);
              } catch (Violation e) {
                String found = String.valueOf(e.getMessage());
                if (!found.startsWith("block ") && !found.contains(BEYOND_END)) {
                  throw new Violation(
                      kind.name() + ", workload " + seed + ", after event " + cut + ", " + how, e);
                }
                counts[1]++;
              }
              return ++looked[0] < MOST_STATES;
            })
        .run();
  }

  /** What the log tells; nothing where nothing was written. */
  private static List<Recording.Event> events(Path log) throws IOException {
    byte[] bytes = Files.readAllBytes(log);
    return bytes.length == 0 ? List.of() : Recording.ofLog(Stage.IMAGE, bytes);
  }

  /** A command of qemu-io; the model hears what it does. */
  private static String command(
      ImageKind kind, GuestModel model, Random random, int number, int start) {
    int cluster = kind.clusterBlocks();
    int first = random.nextInt(HOT_CLUSTERS - 2) * cluster;
    int count = cluster;
    boolean whole = random.nextBoolean();
    if (!whole) {
      first += cluster / 2;
      count = Math.max(1, random.nextInt(2 * cluster));
    }
    String range = " " + (long) first * GuestModel.BLOCK + " " + (long) count * GuestModel.BLOCK;
    int what = random.nextInt(5);
    for (int block = first; block < first + count; block++) {
      if (what < 2) {
        model.written(block, number * 0x0101010101010101L, start);
      } else {
        model.written(block, 0, start);
      }
    }
    return switch (what) {
      case 0, 1 -> "write -P " + number + range;
      case 2 -> "write -z" + range;
      default -> "write -z -u" + range;
    };
  }
}
