// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.memory.MmioHandler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The 8259A pair, by its data sheet. */
final class InterruptControllerPairTest {
  private boolean output;
  private final InterruptControllerPair pair = new InterruptControllerPair(level -> output = level);
  private final MmioHandler first = pair.firstPorts();
  private final MmioHandler second = pair.secondPorts();

  @BeforeEach
  void initialise() {
    pair.reset();
    for (int value : new int[] {0x11, 0x08, 0x04, 0x01}) {
      first.write(value == 0x11 ? 0 : 1, 1, value);
    }
    for (int value : new int[] {0x11, 0x70, 0x02, 0x01}) {
      second.write(value == 0x11 ? 0 : 1, 1, value);
    }
  }

  @Test
  void aLineOfTheFirstChipHasItsVector() {
    pair.line(1).set(true);
    assertTrue(output);
    assertEquals(0x09, pair.acknowledge());
    assertFalse(output);
  }

  @Test
  void aLineOfTheSecondChipGoesThroughTheCascade() {
    pair.line(14).set(true);
    assertEquals(0x76, pair.acknowledge());
    first.write(0, 1, 0x0b);
    assertEquals(1 << 2, first.read(0, 1));
    second.write(0, 1, 0x0b);
    assertEquals(1 << 6, second.read(0, 1));
  }

  @Test
  void aSecondLineBehindTheCascadeComesAfterTheFirstOneEnds() {
    pair.line(14).set(true);
    pair.line(15).set(true);
    assertEquals(0x76, pair.acknowledge());
    assertFalse(output);
    second.write(0, 1, 0x20);
    first.write(0, 1, 0x20);
    assertTrue(output);
    assertEquals(0x77, pair.acknowledge());
  }

  @Test
  void aLowerLineWaitsUntilTheHigherOneEnds() {
    pair.line(0).set(true);
    assertEquals(0x08, pair.acknowledge());
    pair.line(4).set(true);
    assertFalse(output);
    first.write(0, 1, 0x20);
    assertTrue(output);
    assertEquals(0x0c, pair.acknowledge());
  }

  @Test
  void aMaskedLineIsRememberedAndComesWhenItIsUnmasked() {
    first.write(1, 1, 0x02);
    pair.line(1).set(true);
    assertFalse(output);
    first.write(1, 1, 0);
    assertEquals(0x09, pair.acknowledge());
  }

  @Test
  void anEdgeThatIsTakenBackIsSpurious() {
    pair.line(3).set(true);
    pair.line(3).set(false);
    assertFalse(output);
    assertEquals(0x0f, pair.acknowledge());
  }

  @Test
  void aLevelComesAgainUntilItFalls() {
    pair.levelPorts().write(1, 1, 0x04);
    pair.line(10).set(true);
    assertEquals(0x72, pair.acknowledge());
    second.write(0, 1, 0x20);
    first.write(0, 1, 0x20);
    assertTrue(output);
    assertEquals(0x72, pair.acknowledge());
    pair.line(10).set(false);
    second.write(0, 1, 0x20);
    first.write(0, 1, 0x20);
    assertFalse(output);
  }

  @Test
  void rotationMakesTheServedLineTheLowest() {
    pair.line(0).set(true);
    assertEquals(0x08, pair.acknowledge());
    first.write(0, 1, 0xa0);
    pair.line(0).set(false);
    pair.line(0).set(true);
    pair.line(7).set(true);
    assertEquals(0x0f, pair.acknowledge());
  }
}
