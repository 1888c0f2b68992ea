// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonReader;
import dev.strata.block.throttle.Meter;
import dev.strata.block.throttle.ThrottleGroup;
import org.junit.jupiter.api.Test;

/** Throttle groups as objects; the corpus has all that can be wrong with one. */
final class ThrottleGroupTypeTest {
  private final ObjectRegistry objects = new ObjectRegistry();

  @Test
  void propertiesBecomeLimits() throws BlockException {
    objects.define("throttle-group,id=g,x-iops-total=10,x-iops-total-max=20,x-iops-size=4096");
    ThrottleGroup group = objects.throttleGroup("g");
    assertEquals("g", group.name());
    assertEquals(10, group.limits().average(Meter.IOPS_TOTAL));
    assertEquals(20, group.limits().max(Meter.IOPS_TOTAL));
    assertEquals(4096, group.limits().operationSize());
  }

  @Test
  void limitsCanBeChangedInPart() throws BlockException {
    objects.define("throttle-group,id=g,limits.bps-read=10,limits.iops-total=7");
    change("{\"bps-read\": 30, \"bps-write\": 40}");
    assertLimits(30, 40, 7);
    assertEquals(
        "bps/iops/max total values and read/write values cannot be used at the same time",
        assertThrows(BlockException.class, () -> change("{\"bps-total\": 30}")).getMessage());
    assertEquals(
        "Parameter 'nosuch' is unexpected",
        assertThrows(BlockException.class, () -> change("{\"nosuch\": 30}")).getMessage());
    assertLimits(30, 40, 7);
  }

  private void change(String json) throws BlockException {
    var named = (NamedThrottleGroup) objects.find("g");
    named.limits(ObjectProperties.of(JsonReader.parseObject(json)));
  }

  private void assertLimits(long read, long write, long operations) throws BlockException {
    ThrottleGroup group = objects.throttleGroup("g");
    assertEquals(read, group.limits().average(Meter.BPS_READ));
    assertEquals(write, group.limits().average(Meter.BPS_WRITE));
    assertEquals(operations, group.limits().average(Meter.IOPS_TOTAL));
  }

  @Test
  void groupInUseStays() throws BlockException {
    objects.define("throttle-group,id=g");
    try (var _ = objects.throttleGroup("g").join()) {
      assertEquals(
          "object 'g' is in use, can not be deleted",
          assertThrows(BlockException.class, () -> objects.remove("g")).getMessage());
    }
    objects.remove("g");
    assertNull(objects.find("g"));
    assertEquals(
        "Throttle group 'g' does not exist",
        assertThrows(BlockException.class, () -> objects.throttleGroup("g")).getMessage());
  }
}
