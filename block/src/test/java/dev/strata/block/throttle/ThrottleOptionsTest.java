// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.throttle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import org.junit.jupiter.api.Test;

/** {@code throttling.*}, as a drive has it. */
final class ThrottleOptionsTest {
  @Test
  void limitsAreTakenAndOthersLeft() throws BlockException {
    BlockOptions options =
        BlockOptions.of(
            "throttling.iops-total", "100",
            "throttling.iops-total-max", "2000",
            "throttling.iops-total-max-length", "60",
            "throttling.bps-read", "0x100",
            "throttling.iops-size", "4096",
            "throttling.group", "foo",
            "throttling.nosuch", "1");
    ThrottleOptions taken = ThrottleOptions.take(options);
    assertEquals(100, taken.limits().average(Meter.IOPS_TOTAL));
    assertEquals(2000, taken.limits().max(Meter.IOPS_TOTAL));
    assertEquals(60, taken.limits().maxSeconds(Meter.IOPS_TOTAL));
    assertEquals(256, taken.limits().average(Meter.BPS_READ));
    assertEquals(1, taken.limits().maxSeconds(Meter.BPS_READ));
    assertEquals(4096, taken.limits().operationSize());
    assertEquals("foo", taken.group());
    assertTrue(taken.limits().isLimited());
    assertEquals(BlockOptions.of("throttling.nosuch", "1"), options);
  }

  @Test
  void nothingGivenLimitsNothing() throws BlockException {
    ThrottleOptions taken = ThrottleOptions.take(new BlockOptions());
    assertFalse(taken.limits().isLimited());
    assertNull(taken.group());
  }

  @Test
  void contradictionsAreRefused() {
    assertFails(
        "bps/iops/max total values and read/write values cannot be used at the same time",
        "throttling.bps-total",
        "1",
        "throttling.bps-write",
        "1");
    assertFails(
        "bps/iops/max values must be within [0, 1000000000000000]", "throttling.bps-total", "-1");
    assertFails(
        "burst length set without burst rate",
        "throttling.bps-total",
        "1",
        "throttling.bps-total-max-length",
        "2");
    assertFails(
        "Parameter 'throttling.bps-total' expects a number", "throttling.bps-total", "much");
  }

  private static void assertFails(String message, String... options) {
    assertEquals(
        message,
        assertThrows(BlockException.class, () -> ThrottleOptions.take(BlockOptions.of(options)))
            .getMessage());
  }
}
