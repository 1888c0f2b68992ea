// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.crash.MemoryFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The N-th call to the storage fails, for each N: the command says so, with exit code 1 and in one
 * line, or has done all it was to do; what it reads is as before; what it changes is sound, each
 * block old or new. System properties: {@code strata.long} has every call fail and not one in a
 * few, {@code strata.fault.case} names the one command line that is tried.
 */
final class FaultTest {
  private static final int FEW = 5; // one of so many
  private static final int MOST_CALLS = 5000;

  /** Where an exit code says more than that something failed. */
  private static final List<String> FAILURES =
      List.of("compare2", "compare3", "compare4", "check2", "check3");

  private static Map<String, byte[]> images = Map.of();

  @BeforeAll
  static void makeImages() throws Exception {
    images = FaultImages.make();
  }

  static Stream<String> cases() {
    return FaultCase.ALL.stream().map(FaultCase::name);
  }

  private static FaultCase named(String name) {
    return FaultCase.ALL.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
  }

  private static MemoryFiles copies() {
    var files = new MemoryFiles();
    images.forEach((name, bytes) -> files.put(name, bytes));
    MemoryProtocol.use(files);
    return files;
  }

  private static Map<String, long[]> values(List<String> names) throws Exception {
    var all = new TreeMap<String, long[]>();
    for (String image : names) {
      all.put(image, FaultImages.values(image));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void leavesImagesSoundAndSaysSo(String name) throws Exception {
    if (!System.getProperty("strata.fault.case", name).equals(name)) {
      return;
    }
    FaultCase tried = named(name);
    copies();
    Map<String, long[]> before = values(tried.changed());
    ToolRun good = ToolRun.of(tried.words());
    assertTrue(good.exitCode() == 0, () -> "without a fault: " + good);
    Map<String, long[]> after = values(tried.changed());
    after.putAll(values(tried.made()));
    int step = Boolean.getBoolean("strata.long") ? 1 : FEW;
    int runs = 0;
    var wrong = new ArrayList<String>();
    for (Fault.Victim victim : Fault.Victim.values()) {
      for (Fault.Manner manner : Fault.Manner.values()) {
        int first = 1 + (step == 1 ? 0 : (victim.ordinal() + manner.ordinal()) % step);
        for (int number = first; number < MOST_CALLS; number += step) {
          var fault = new Fault(victim, manner, number);
          String problem = look(tried, fault, before, after);
          if (!fault.happened()) {
            break;
          }
          runs++;
          if (!problem.isEmpty()) {
            wrong.add(fault + ": " + problem);
          }
        }
      }
    }
    System.out.println(name + ": " + runs + " faults, wrong: " + wrong.size());
    assertTrue(wrong.isEmpty(), () -> name + "\n" + String.join("\n", wrong));
  }

  private static String look(
      FaultCase tried, Fault fault, Map<String, long[]> before, Map<String, long[]> after)
      throws Exception {
    MemoryFiles files = copies();
    files.gate(fault);
    ToolRun run = ToolRun.of(tried.words());
    files.gate(MemoryFiles.Gate.OPEN);
    for (Map.Entry<String, byte[]> image : images.entrySet()) {
      if (!tried.mayChange(image.getKey())
          && !Arrays.equals(image.getValue(), files.get(image.getKey()).toBytes())) {
        return image.getKey() + " has changed";
      }
    }
    if (run.exitCode() == 0) {
      return whole(tried, after);
    }
    if (run.exitCode() != 1 && !FAILURES.contains(tried.words().get(1) + run.exitCode())) {
      return "exit code " + run.exitCode();
    }
    if (fault.happened() && !isToldOnce(tried, fault, run)) {
      return run.lines().size() + " lines: " + run.errors() + run.output();
    }
    return sound(tried, before, after);
  }

  /**
   * One line says what failed. Beside it there may be what was found or leaked until then, and the
   * reference's hint; where closing fails as well, that is told, too.
   */
  private static boolean isToldOnce(FaultCase tried, Fault fault, ToolRun run) {
    int told = 0;
    for (String line : run.lines()) {
      if (line.startsWith("\tat ") || line.contains("Exception")) {
        return false;
      }
      boolean finding =
          line.startsWith("Leaked cluster ")
              || line.startsWith("Repairing ")
              || line.startsWith("ERROR ")
              || line.startsWith("qemu-img: ERROR ")
              || line.startsWith("Can't get refcount ")
              || line.startsWith("qcow2_free_clusters failed")
              || line.equals("Could not open backing image.");
      told += finding ? 0 : 1;
    }
    // What a command of qemu-io fails with is part of its output, as with the reference.
    boolean io = tried.words().getFirst().equals("qemu-io");
    told += io ? (int) run.output().lines().filter(line -> line.contains("failed: ")).count() : 0;
    return told == 1 || (told > 1 && fault.isForGood()) || (told > 1 && io);
  }

  private static String whole(FaultCase tried, Map<String, long[]> after) throws Exception {
    var all = new ArrayList<>(tried.changed());
    all.addAll(tried.made());
    for (String image : all) {
      if (!Arrays.equals(after.get(image), FaultImages.values(image))) {
        return "exit code 0, and " + image + " is not what it should be";
      }
      List<String> damage = FaultImages.damage(image);
      if (!damage.isEmpty()) {
        return "exit code 0, and " + image + " is damaged: " + damage;
      }
    }
    return "";
  }

  private static String sound(
      FaultCase tried, Map<String, long[]> before, Map<String, long[]> after) throws Exception {
    for (String image : tried.changed()) {
      long[] now;
      try {
        now = FaultImages.values(image);
      } catch (Exception e) {
        return image + " cannot be read: " + e.getCause();
      }
      long[] old = before.getOrDefault(image, new long[0]);
      long[] next = after.getOrDefault(image, new long[0]);
      if (now.length != old.length && now.length != next.length) {
        return image + " has " + now.length + " blocks";
      }
      for (int i = 0; i < now.length; i++) {
        boolean isOld = i < old.length ? now[i] == old[i] : now[i] == 0;
        boolean isNew = i < next.length ? now[i] == next[i] : now[i] == 0;
        if (!isOld && !isNew) {
          return image + " holds neither the old nor the new in block " + i;
        }
      }
      List<String> damage = FaultImages.damage(image);
      if (!damage.isEmpty() && FaultImages.isDirty(image)) {
        // It says itself that its refcounts lag behind: whoever writes it next puts that right.
        String name = MemoryProtocol.NAME + image.substring(image.indexOf(':'));
        ToolRun.of(List.of("qemu-io", "-f", "qcow2", "-c", "write -z 0 0", name));
        damage = FaultImages.damage(image);
      }
      if (!damage.isEmpty()) {
        return image + " is damaged: " + damage;
      }
    }
    return "";
  }
}
