// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.driver.Checkable;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launchers' programs are killed at random moments of the time that they need: what is left
 * checks without corruption, by the real program too, and reads as before, or as after where the
 * content was to change. What ends before it is killed does not count. System properties: {@code
 * strata.kills} says how often, {@code strata.long} that it is 300 times, {@code strata.kills.seed}
 * the seed.
 */
final class KillTest {
  private static final int FEW = 9;
  private static final int MANY = 300;
  private static final int MOST_RUNS = 5; // for each that is killed
  private static final int SIZE = 16 << 20;
  private static final int PIECE = 64 << 10;
  private static final int CLUSTER = 64 << 10;

  /** Of what is copied for each: the images a program works on. */
  private static final List<String> IMAGES = List.of("base", "other", "image");

  @TempDir Path folder;
  private final Path root = Path.of(System.getProperty("strata.root", "."));
  private final List<List<String>> commands = new ArrayList<>();

  @BeforeEach
  void needsTheRealProgram() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "no qemu-img");
    Files.createDirectories(folder.resolve("made"));
    // The first use builds what the others start.
    assertEquals(0, start(folder, List.of("qemu-img", "--version")).waitFor());
    assertEquals(0, start(folder, List.of("qemu-io", "--version")).waitFor());
    commands.add(List.of("qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", "image", "target"));
    commands.add(List.of("qemu-img", "commit", "-f", "qcow2", "image"));
    commands.add(
        List.of("qemu-img", "rebase", "-f", "qcow2", "-F", "qcow2", "-b", "other", "image"));
    commands.add(List.of("qemu-img", "snapshot", "-c", "s", "image"));
    commands.add(List.of("qemu-img", "snapshot", "-d", "first", "image"));
    commands.add(List.of("qemu-img", "resize", "-f", "qcow2", "image", "+64M"));
    commands.add(List.of("qemu-img", "check", "-f", "qcow2", "-r", "all", "image"));
    commands.add(List.of("qemu-img", "amend", "-f", "qcow2", "-o", "refcount_bits=64", "image"));
    var writes = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
    for (int at = 0; at < SIZE; at += 2 * PIECE) {
      writes.addAll(List.of("-c", "write -P 119 " + at + " 64k"));
    }
    writes.add("image");
    commands.add(writes);
  }

  private Process start(Path where, List<String> command) throws IOException {
    var all = new ArrayList<>(command);
    all.set(0, root.resolve("bin").resolve(command.getFirst()).toAbsolutePath().toString());
    return new ProcessBuilder(all)
        .directory(where.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static int run(Path where, String... command) throws Exception {
    return run(where, new ArrayList<>(), command);
  }

  private static int run(Path where, List<String> lines, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(where.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertTrue(process.exitValue() < 100, output);
    lines.addAll(output.lines().toList());
    return process.exitValue();
  }

  /** A chain of two, a snapshot and leaks, made by the real program. */
  private void make(Path where) throws Exception {
    String[] create = {"/usr/bin/qemu-img", "create", "-q", "-f", "qcow2"};
    for (String[] more :
        new String[][] {
          {"base", "16M"}, {"other", "16M"}, {"-b", "base", "-F", "qcow2", "image", "16M"}
        }) {
      String[] all = Arrays.copyOf(create, create.length + more.length);
      System.arraycopy(more, 0, all, create.length, more.length);
      assertEquals(0, run(where, all));
    }
    String io = "/usr/bin/qemu-io";
    assertEquals(0, run(where, io, "-c", "write -P 17 0 12M", "base"));
    assertEquals(0, run(where, io, "-c", "write -P 34 4M 10M", "other"));
    assertEquals(0, run(where, io, "-c", "write -P 51 1M 3M", "image"));
    assertEquals(0, run(where, "/usr/bin/qemu-img", "snapshot", "-c", "first", "image"));
    assertEquals(0, run(where, io, "-c", "write -P 68 2M 8M", "image"));
  }

  private static byte[] content(Path image) throws IOException {
    ImageFile file = ImageFile.of(image.toString()).format("qcow2").leadingTo(OpenGate.SAME_FOLDER);
    try (DiskImage disk = file.open()) {
      var bytes = ByteBuffer.allocate(SIZE);
      disk.read(0, bytes);
      return bytes.array();
    }
  }

  /** What our check says, as an exit code of the program. */
  private static int ownCheck(Path image) throws IOException {
    ImageFile file = ImageFile.of(image.toString()).format("qcow2").leadingTo(OpenGate.SAME_FOLDER);
    try (DiskImage disk = file.open()) {
      Checkable checkable = disk.backend().node().capability(Checkable.class).orElseThrow();
      Checkable.Result result = checkable.check(Checkable.Repair.NONE, new Stage.Findings());
      return result.corruptions() + result.checkErrors() > 0 ? 2 : result.leaks() > 0 ? 3 : 0;
    }
  }

  @Test
  void leavesImagesSoundWhereverItIsKilled() throws Exception {
    Path made = folder.resolve("made");
    make(made);
    byte[] before = content(made.resolve("image"));
    long seed = Long.getLong("strata.kills.seed", 1);
    int count = Integer.getInteger("strata.kills", Boolean.getBoolean("strata.long") ? MANY : FEW);
    var random = new Random(seed);
    Map<String, Integer> killed = new TreeMap<>();
    long[] lasted = new long[commands.size()]; // ns that each command needed when it was quickest
    Arrays.fill(lasted, Long.MAX_VALUE);
    int hits = 0;
    for (int i = 0; hits < count; i++) {
      assertTrue(i < MOST_RUNS * count, "too quick to be killed: " + killed);
      int index = i % commands.size();
      List<String> command = commands.get(index);
      Path where = Files.createDirectories(folder.resolve("run"));
      Files.deleteIfExists(where.resolve("target"));
      for (String name : IMAGES) {
        Files.copy(made.resolve(name), where.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
      long begin = System.nanoTime();
      Process process = start(where, command);
      boolean ended =
          process.waitFor((long) (random.nextDouble() * lasted[index]), TimeUnit.NANOSECONDS);
      if (ended) {
        lasted[index] = Math.min(lasted[index], System.nanoTime() - begin);
      } else {
        process.destroyForcibly().waitFor();
        killed.merge(String.join(" ", command.subList(0, 2)), 1, Integer::sum);
        hits++;
      }
      String what = "kill " + i + " of seed " + seed + ": " + command.subList(0, 2);
      look(where, before, command, what);
    }
    System.out.println("kills of seed " + seed + ": " + killed);
  }

  /** Whether a line of a check tells of no damage: the flag that repeats a refcount may lag. */
  private static boolean isHarmless(String line, List<String> all) {
    return !line.startsWith("ERROR ") || Judge.isHarmless(line, all, CLUSTER);
  }

  private static void look(Path where, byte[] before, List<String> command, String what)
      throws Exception {
    for (String name : IMAGES) {
      var lines = new ArrayList<String>();
      int code = run(where, lines, "/usr/bin/qemu-img", "check", "-f", "qcow2", name);
      boolean damaged = code == 2 && !lines.stream().allMatch(line -> isHarmless(line, lines));
      assertTrue(code != 1 && !damaged, what + ": check of " + name + " finds " + lines);
      assertEquals(code, ownCheck(where.resolve(name)), what + ": our check of " + name);
    }
    if (Files.exists(where.resolve("target"))) {
      int code = run(where, "/usr/bin/qemu-img", "check", "-q", "-f", "qcow2", "target");
      assertTrue(code != 2, what + ": the target looks complete and is corrupt");
    }
    byte[] now = content(where.resolve("image"));
    boolean writes = command.getFirst().equals("qemu-io");
    for (int at = 0; at < SIZE; at += 512) {
      boolean same = Arrays.equals(now, at, at + 512, before, at, at + 512);
      boolean written = writes && at % (2 * PIECE) < PIECE && now[at] == 119;
      assertTrue(same || written, what + ": differs at " + at);
    }
    assertEquals(0, run(where, "/usr/bin/qemu-img", "check", "-q", "-r", "all", "image"), what);
    assertTrue(Arrays.equals(now, content(where.resolve("image"))), what + ": repaired otherwise");
  }
}
