// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import static dev.strata.block.throttle.Direction.READ;
import static dev.strata.block.throttle.Direction.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.throttle.Simulation.Client;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes in ten seconds of a time that is only computed. */
final class ThrottleTurnsTest {
  private static final long MB = 1_000_000;
  private static final int KIB = 1024;

  private static ThrottleLimits.Builder limits() {
    return new ThrottleLimits.Builder();
  }

  private static void assertAbout(double expected, double found) {
    assertEquals(expected, found, expected * 0.05);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4 * KIB, 64 * KIB, 512 * KIB})
  void oneDiskKeepsToItsRateOfBytes(int bytes) throws Exception {
    var simulation = new Simulation(limits().average(Meter.BPS_TOTAL, 20 * MB));
    Client disk = simulation.saturating(READ, bytes, 4);
    simulation.run(10);
    assertAbout(200 * MB, disk.passed());
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 50, 5000})
  void oneDiskKeepsToItsRateOfOperations(int rate) throws Exception {
    var simulation = new Simulation(limits().average(Meter.IOPS_TOTAL, rate));
    Client disk = simulation.saturating(WRITE, 4 * KIB, 1);
    simulation.run(10);
    assertAbout(10 * rate, disk.requests());
  }

  @Test
  void threeInGroupShareWhatTheyWantUpToTheRate() throws Exception {
    var simulation = new Simulation(limits().average(Meter.BPS_TOTAL, 20 * MB));
    Client modest = simulation.paced(READ, 10_000, 200); // 2 MB/s
    Client one = simulation.saturating(WRITE, 16 * KIB, 1);
    Client many = simulation.saturating(READ, 16 * KIB, 32);
    simulation.run(10);
    assertAbout(200 * MB, modest.passed() + one.passed() + many.passed());
    assertAbout(20 * MB, modest.passed());
    assertAbout(one.passed(), many.passed());
  }

  @Test
  void longBurstPassesAtItsRateAndThenTheAverage() throws Exception {
    var simulation =
        new Simulation(
            limits()
                .average(Meter.BPS_WRITE, MB)
                .max(Meter.BPS_WRITE, 5 * MB)
                .maxSeconds(Meter.BPS_WRITE, 4));
    Client disk = simulation.saturating(WRITE, 4 * KIB, 8);
    simulation.run(4);
    assertAbout(20 * MB, disk.passed() - 0.5 * MB); // a tenth of a second at once
    simulation.run(6);
    // The bucket of 20 MB fills by 4 MB a second, thus for five seconds.
    assertAbout(25 * MB + 5 * MB, disk.passed());
  }

  @Test
  void shortBurstPassesAtOnce() throws Exception {
    var simulation =
        new Simulation(limits().average(Meter.IOPS_READ, 10).max(Meter.IOPS_READ, 300));
    Client disk = simulation.saturating(READ, 512, 1);
    simulation.run(0.001);
    assertAbout(300, disk.requests());
    simulation.run(10);
    assertAbout(400, disk.requests());
  }

  @ParameterizedTest
  @ValueSource(ints = {2048, 4096, 6144, 8192})
  void largeOperationCountsAsSeveral(int bytes) throws Exception {
    var simulation = new Simulation(limits().average(Meter.IOPS_TOTAL, 100).operationSize(4096));
    Client disk = simulation.saturating(READ, bytes, 1);
    simulation.run(10);
    assertAbout(1000 / Math.max(1.0, bytes / 4096.0), disk.requests());
  }

  @Test
  void limitOfOneDirectionDoesNotHoldTheOther() throws Exception {
    var simulation =
        new Simulation(limits().average(Meter.BPS_READ, 2 * MB).average(Meter.BPS_WRITE, MB));
    Client reads = simulation.saturating(READ, 4 * KIB, 8);
    Client writes = simulation.saturating(WRITE, 64 * KIB, 8);
    simulation.run(10);
    assertAbout(20 * MB, reads.passed());
    assertAbout(10 * MB, writes.passed());
  }

  @Test
  void smallestOfSeveralLimitsHolds() throws Exception {
    var simulation =
        new Simulation(
            limits()
                .average(Meter.BPS_TOTAL, 10 * MB)
                .average(Meter.IOPS_READ, 100)
                .average(Meter.IOPS_WRITE, 1_000_000));
    Client reads = simulation.saturating(READ, 4000, 8);
    Client writes = simulation.saturating(WRITE, 4000, 8);
    simulation.run(10);
    assertAbout(1000, reads.requests());
    assertAbout(100 * MB, reads.passed() + writes.passed());
  }

  @Test
  void otherLimitsHoldFromThenOn() throws Exception {
    var simulation = new Simulation(limits().average(Meter.BPS_TOTAL, MB));
    Client disk = simulation.saturating(READ, 4 * KIB, 8);
    simulation.run(5);
    assertAbout(5 * MB, disk.passed());
    simulation.limits(limits().average(Meter.BPS_TOTAL, 10 * MB));
    simulation.run(5);
    assertAbout(55 * MB, disk.passed());
  }
}
