// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sixty-four connections with sixteen requests in flight each, reads and writes of 4 KiB to 1 MiB,
 * every read verified. {@code strata.long} has it last ten minutes (of the real server, for
 * comparison: one) and not some seconds; {@code strata.load.seconds} as long as one likes.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Isolated
final class LoadTest {
  private static final int CONNECTIONS = 64;
  private static final long MOST_KIB = 256 << 10;
  private static final double SHORT_SECONDS = 4;
  private static final double LONG_SECONDS = 600;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"ours", "real"})
  void everyReadIsVerifiedAndNoReplyIsLost(String whose) throws Exception {
    Commands.assumeInstalled(Commands.REAL);
    boolean ours = whose.equals("ours");
    String program = ours ? Commands.OURS : Commands.REAL;
    new Commands(folder).succeed(program, "--version"); // which may have to build first
    double most = Boolean.getBoolean("strata.long") ? LONG_SECONDS : SHORT_SECONDS;
    double seconds =
        Double.parseDouble(System.getProperty("strata.load.seconds", String.valueOf(most)));
    long nanos = (long) (seconds * 1e9 / (ours ? 1 : 10));
    try (FileChannel disk =
        FileChannel.open(
            folder.resolve("disk"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      disk.write(ByteBuffer.allocate(1), CONNECTIONS * LoadedConnection.ROOM - 1);
    }
    String[] options = {"-t", "-e", "0", "-f", "raw", "disk"};
    try (Server server = Server.start(folder, program, options);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var latencies = new Latencies();
      long end = System.nanoTime() + nanos;
      List<Future<?>> running = new ArrayList<>();
      List<LoadedConnection> connections = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        var connection = new LoadedConnection(server.socket(), i, end, latencies);
        connections.add(connection);
        running.add(threads.submit(connection::send));
        running.add(threads.submit(connection::receive));
      }
      for (Future<?> each : running) {
        each.get();
      }
      long requests = 0;
      for (LoadedConnection each : connections) {
        assertEquals(0, each.inFlight(), "a reply is lost");
        requests += each.done();
        each.close();
      }
      long peak = server.peakKib();
      System.out.printf(
          "load on %s: %d requests in %.0f s on %d connections, half of requests within %.1f ms,"
              + " 99 of 100 within %.1f ms; %d MiB at most%n",
          whose,
          requests,
          nanos / 1e9,
          CONNECTIONS,
          latencies.millis(0.5),
          latencies.millis(0.99),
          peak >> 10);
      assertTrue(requests > CONNECTIONS, "hardly any requests");
      assertTrue(!ours || peak <= MOST_KIB, peak + " KiB");
    }
  }
}
