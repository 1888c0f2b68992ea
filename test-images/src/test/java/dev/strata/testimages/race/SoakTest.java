// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.strata.testimages.crash.ImageKind;
import dev.strata.testimages.crash.MemoryFiles;
import dev.strata.testimages.crash.PreparedImage;
import dev.strata.testimages.crash.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * As {@link ScheduleTest}, on sixteen threads of their own and on images that grow old: what no
 * turn divides, threads may. A seed gives what users do, not when. System properties: {@code
 * strata.soak.seconds} says how long all kinds together take, {@code strata.long} that this is ten
 * minutes, {@code strata.soak.seed} the seed of the first image.
 */
final class SoakTest {
  private static final int USERS = 16;
  private static final int KINDS = 6;
  private static final int ROUNDS = 50;
  private static final int DEEDS = 4;
  private static final double SHORT_SECONDS = 6;
  private static final double LONG_SECONDS = 600;

  private final ExecutorService threads = Executors.newFixedThreadPool(USERS);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qcow2-v3",
        "qcow2-small",
        "qcow2-lazy",
        "qcow2-extended",
        "qcow2-data-file",
        "parallels"
      })
  void everyReadIsExplainedAndTheImageIsSound(String name) throws Exception {
    double most = Boolean.getBoolean("strata.long") ? LONG_SECONDS : SHORT_SECONDS;
    String wanted = System.getProperty("strata.soak.seconds", String.valueOf(most));
    double seconds = Double.parseDouble(wanted) / KINDS;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long seed = Long.getLong("strata.soak.seed", 1);
    long deeds = 0;
    int images = 0;
    try (threads) {
      for (; images == 0 || System.nanoTime() - end < 0; images++, seed++) {
        try {
          deeds += growOld(ImageKind.named(name), seed);
        } catch (Exception e) {
          fail("kind " + name + ", seed " + seed + ": " + e + ", " + e.getCause(), e);
        }
      }
    }
    System.out.println(name + ": " + deeds + " requests on " + images + " images, all sound");
    assertTrue(deeds > 0);
  }

  private long growOld(ImageKind kind, long seed) throws Exception {
    PreparedImage prepared = PreparedImage.of(kind);
    var files = new MemoryFiles();
    prepared.files().forEach((name, bytes) -> files.put(name, bytes));
    var contest = new Contest(kind, new Stage(files), prepared);
    var random = new Random(seed);
    for (int i = 0; i < ROUNDS; i++) {
      round(contest, random, false);
      contest.judge();
    }
    round(contest, random, contest.hasSnapshots());
    contest.end();
    return (ROUNDS + 1L) * USERS * DEEDS;
  }

  private void round(Contest contest, Random random, boolean last) throws Exception {
    var start = new CyclicBarrier(USERS);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < USERS; i++) {
      boolean reverts = last && i < 2;
      RaceUser.Role role = reverts ? RaceUser.Role.REVERTER : RaceUser.Role.GUEST;
      var user = new RaceUser(contest, role, i, random.nextLong());
      running.add(
          threads.submit(() -> {
            start.await();
            user.run(DEEDS);
            return null;
          }));
    }
    for (Future<?> user : running) {
      user.get(1, TimeUnit.MINUTES);
    }
  }
}
