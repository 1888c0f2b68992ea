// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.nbd.protocol.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two thousand clients that never say a word, two hundred that say a byte now and then, and one
 * that sends frames made by chance: a client that behaves is answered in time all the while. {@code
 * strata.long} sends a million frames and not for some seconds; {@code strata.siege.seed} is the
 * seed.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class SiegeTest {
  private static final int SIZE = 128 << 20;
  private static final int HALF_OPEN = 2000;
  private static final int SLOW = 200;
  private static final int BLOCK = 4096;
  private static final int PAUSE_MILLIS = 2;
  private static final int ROUNDS_OF_A_CLIENT = 50;
  private static final long SHORT_NANOS = TimeUnit.SECONDS.toNanos(6);
  private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MOST_GROWTH_KIB = 64 << 10;

  @TempDir private Path folder;
  private byte[] content = new byte[0];

  @Test
  void aGoodClientIsAnsweredAllTheWhile() throws Exception {
    Commands.assumeInstalled("nbdinfo");
    new Commands(folder).succeed(Commands.OURS, "--version"); // which may have to build first
    content = new byte[SIZE];
    new Random(3).nextBytes(content);
    Files.write(folder.resolve("disk"), content);
    long frames = Boolean.getBoolean("strata.long") ? 1_000_000 : 0;
    long seed = Long.getLong("strata.siege.seed", 1);
    String[] options = {"-t", "-e", "0", "-f", "raw", "--cache=unsafe", "disk"};
    try (Server server = Server.start(folder, Commands.OURS, options);
        var pulse = new Pulse()) {
      // What it takes in any case, with code compiled that will be.
      visit(server.socket(), pulse, new Random(seed));
      long before = server.peakKib();
      var silent = new IdleClients(server.socket(), HALF_OPEN, false);
      var slow = new IdleClients(server.socket(), SLOW, true);
      var fuzzed = new FuzzedFrames(server.socket(), seed);
      Thread[] besiegers = {
        Thread.ofPlatform().start(silent),
        Thread.ofPlatform().start(slow),
        Thread.ofPlatform().start(fuzzed)
      };
      var worst = new long[2];
      long visits = 0;
      int mostPresent = 0;
      try {
        var random = new Random(seed);
        long end = System.nanoTime() + SHORT_NANOS;
        while (System.nanoTime() < end || fuzzed.sent() < frames || mostPresent < HALF_OPEN) {
          long[] slowest = visit(server.socket(), pulse, random);
          worst[0] = Math.max(worst[0], slowest[0]);
          worst[1] = Math.max(worst[1], slowest[1]);
          visits++;
          mostPresent = Math.max(mostPresent, silent.present());
        }
      } finally {
        silent.end();
        slow.end();
        fuzzed.end();
        for (Thread each : besiegers) {
          each.join();
        }
      }
      long growth = server.peakKib() - before;
      System.out.printf(
          "siege: %d silent, %d slow, %d frames; %d visits, the slowest handshake took %.1f ms, the"
              + " slowest answer %.1f ms (machine apart, which stood still for up to %.1f ms);"
              + " %d KiB more%n",
          mostPresent,
          SLOW,
          fuzzed.sent(),
          visits,
          worst[0] / 1e6,
          worst[1] / 1e6,
          pulse.longestNanos() / 1e6,
          growth);
      assertTrue(
          Math.max(worst[0], worst[1]) < MOST_NANOS, () -> "an answer took too long, seed " + seed);
      assertTrue(growth < MOST_GROWTH_KIB, growth + " KiB more, seed " + seed);
      assertTrue(fuzzed.sent() > 1000, "hardly any frames");
    }
  }

  /**
   * A client comes, reads some blocks, which have to be the disk's, and leaves.
   *
   * @return how long the handshake and the slowest answer took beyond what the machine made
   *     everybody wait
   */
  private long[] visit(Path socket, Pulse pulse, Random random)
      throws IOException, InterruptedException {
    long handshake;
    long worst = 0;
    long start = System.nanoTime();
    try (RawClient client = RawClient.chosen(socket)) {
      handshake = pulse.beyond(start);
      for (int i = 0; i < ROUNDS_OF_A_CLIENT; i++) {
        int at = random.nextInt((int) FuzzedFrames.FROM - BLOCK);
        start = System.nanoTime();
        client.request(0, Command.READ, i, at, BLOCK);
        assertEquals(0, client.error(i));
        byte[] read = client.receive(BLOCK).array();
        worst = Math.max(worst, pulse.beyond(start));
        assertArrayEquals(Arrays.copyOfRange(content, at, at + BLOCK), read);
        Thread.sleep(PAUSE_MILLIS);
      }
      client.request(0, Command.DISC, 0, 0, 0);
    }
    return new long[] {handshake, worst};
  }
}
