// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every input ends normally or by a message, in a second and in 256 MiB. System properties: {@code
 * strata.long} has Jazzer try a million inputs on each target; {@code strata.fuzz.target} names the
 * one target, {@code strata.fuzz.seed} the seed, {@code strata.fuzz.runs} how many inputs, {@code
 * strata.fuzz.folder} where its findings stay; {@code strata.fuzz.chance} is how many inputs chance
 * makes at least.
 */
@Isolated
final class FuzzTest {
  private static final long SHORT_NANOS = 1_000_000_000L;
  private static final int FEWEST = 100; // however slow the machine is
  private static final long SECONDS = 3 * 3600; // however slow, for all of a target's inputs

  @TempDir Path folder;

  static Stream<String> targets() {
    String only = System.getProperty("strata.fuzz.target");
    return only == null ? Targets.NAMES.stream() : Stream.of(only);
  }

  private static long seed() {
    return Long.getLong("strata.fuzz.seed", 1);
  }

  /** What once went wrong, and what is known to lead far. */
  private static List<byte[]> known(String target) throws IOException {
    var all = new ArrayList<byte[]>();
    Path inputs = Path.of("src/test/resources/fuzz", target);
    if (Files.isDirectory(inputs)) {
      try (Stream<Path> files = Files.list(inputs)) {
        for (Path file : files.sorted().toList()) {
          all.add(Files.readAllBytes(file));
        }
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("targets")
  void isAtPeaceWithWhatOnceWentWrong(String name) throws IOException {
    FuzzTarget target = Targets.named(name);
    for (byte[] input : known(name)) {
      Trial.run(target, input);
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void takesAtLeastOneSeedToItsEnd(String name) {
    FuzzTarget target = Targets.named(name);
    int accepted = 0;
    for (byte[] seed : target.seeds()) {
      Trial.run(target, seed);
      try {
        target.run(seed.clone());
        accepted++;
      } catch (IOException e) {
        // A seed may be one that is refused.
      }
    }
    assertTrue(accepted > 0, "every seed is refused");
  }

  @ParameterizedTest
  @MethodSource("targets")
  void isAtPeaceWithWhatChanceMakes(String name) {
    FuzzTarget target = Targets.named(name);
    var mutations = new Mutations(target.seeds(), seed());
    long end = System.nanoTime() + SHORT_NANOS;
    long fewest = Long.getLong("strata.fuzz.chance", FEWEST);
    long inputs = 0;
    while (inputs < fewest || System.nanoTime() < end) {
      byte[] input = mutations.next();
      try {
        Trial.run(target, input);
      } catch (Finding e) {
        throw new AssertionError("input " + java.util.HexFormat.of().formatHex(input), e);
      }
      inputs++;
    }
    System.out.println("fuzz " + name + ": " + inputs + " inputs by chance");
  }

  @ParameterizedTest
  @MethodSource("targets")
  void isAtPeaceWithAMillionInputsThatFollowItsBranches(String name) throws IOException {
    if (!Boolean.getBoolean("strata.long")) {
      return;
    }
    long runs = Long.getLong("strata.fuzz.runs", 1_000_000);
    String kept = System.getProperty("strata.fuzz.folder");
    Path work = Files.createDirectories(kept == null ? folder : Path.of(kept, name));
    FuzzRun.Outcome outcome = FuzzRun.of(name, new FuzzRun.Budget(runs, SECONDS), seed(), work);
    System.out.println("fuzz " + name + ": " + outcome);
    assertEquals(null, outcome.finding());
    assertTrue(outcome.runs() >= runs, () -> "only " + outcome.runs());
  }

  /** The fuzzer itself: four bytes that nobody would guess. */
  @Test
  void findsAWayThatOnlyBranchesLeadTo() throws IOException {
    FuzzRun.Outcome outcome =
        FuzzRun.of(Targets.PLANTED, new FuzzRun.Budget(2_000_000, 120), 1, folder);
    assertNotNull(outcome.finding(), outcome::toString);
    assertTrue(outcome.finding().contains("planted"), outcome::toString);
  }

  @Test
  void whatATargetMustNotDoIsFound() {
    assertThrows(Finding.class, () -> Trial.run(wrong(FuzzTest::broken), new byte[1]));
    assertThrows(Finding.class, () -> Trial.run(wrong(FuzzTest::endless), new byte[1]));
    assertThrows(Finding.class, () -> Trial.run(wrong(FuzzTest::greedy), new byte[1]));
  }

  private static void broken() {
    throw new IllegalStateException("broken");
  }

  private static void endless() {
    var threads = ManagementFactory.getThreadMXBean();
    long end = threads.getCurrentThreadCpuTime() + 2 * Trial.MAX_NANOS;
    while (threads.getCurrentThreadCpuTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static void greedy() {
    for (int i = 0; i < 300; i++) {
      unusedWaste = new byte[1 << 20];
    }
  }

  private static volatile byte[] unusedWaste;

  private static FuzzTarget wrong(Runnable deed) {
    return new FuzzTarget() {
      @Override
      public String name() {
        return "wrong";
      }

      @Override
      public List<byte[]> seeds() {
        return List.of();
      }

      @Override
      public void run(byte[] input) {
        deed.run();
      }
    };
  }
}
