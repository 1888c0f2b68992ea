// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The expected texts are those that QEMU 7.2 printed for these amounts. */
class QuantityTest {
  @Test
  void wholeAmountsHaveNoDecimals() {
    assertEquals("0 bytes", Quantity.bytes(0));
    assertEquals("1023 bytes", Quantity.bytes(1023));
    assertEquals("1 KiB", Quantity.bytes(1024));
    assertEquals("64 KiB", Quantity.bytes(65536));
    assertEquals("7 EiB", Quantity.bytes(0x7p60));
  }

  @Test
  void otherAmountsHaveThree() {
    assertEquals("1.500 KiB", Quantity.bytes(1536));
    assertEquals("1.465 KiB", Quantity.bytes(1500));
    assertEquals("976.562 KiB", Quantity.bytes(1000000)); // half to even
    assertEquals("1.024 GiB", Quantity.bytes(1100000256));
  }

  @Test
  void decimalsThatRoundToNothingAreLeftOut() {
    assertEquals("1 MiB", Quantity.bytes(1049088));
    assertEquals("1.001 MiB", Quantity.bytes(1049600));
    assertEquals("2 MiB", Quantity.bytes(2097151));
    assertEquals("1023.999 KiB", Quantity.bytes(1048575));
  }

  @Test
  void partsOfBytesHaveSixDecimals() {
    assertEquals("8.316364 bytes", Quantity.bytes(8.316364));
    assertEquals("0 bytes", Quantity.bytes(0.00007));
  }

  @Test
  void timesOfAMinuteAndMoreAreOfTheFormForPrograms() {
    assertEquals("00.08 sec", Quantity.time(83_000_000L, false));
    assertEquals("0:00:00.08", Quantity.time(83_000_000L, true));
    assertEquals("0:01:01.57", Quantity.time(61_570_000_000L, false));
    assertEquals("3:57:30.40", Quantity.time(14_250_400_000_000L, false));
  }
}
