// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.chardev.Line;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The 16550A, by its data sheet. */
final class Uart16550Test {
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private Line.Receiver receiver = (bytes, from, length) -> 0;
  private boolean interrupt;
  private final Uart16550 uart = new Uart16550(new OuterEnd(), level -> interrupt = level);

  private final class OuterEnd implements Line {
    @Override
    public void connect(Receiver to) {
      receiver = to;
    }

    @Override
    public void ready() {}

    @Override
    public void write(byte value) {
      sent.write(value);
    }
  }

  Uart16550Test() {
    uart.reset();
  }

  private int receive(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return receiver.receive(bytes, 0, bytes.length);
  }

  @Test
  void bytesGoOutAndTheTransmitterIsEmptyAgain() {
    uart.write(0, 1, 'h');
    uart.write(0, 1, 'i');
    assertEquals("hi", sent.toString(StandardCharsets.US_ASCII));
    assertEquals(0x60, uart.read(5, 1));
  }

  @Test
  void theDivisorIsReachedThroughItsLatch() {
    uart.write(3, 1, 0x83);
    uart.write(0, 1, 1);
    uart.write(1, 1, 2);
    assertEquals(1, uart.read(0, 1));
    assertEquals(2, uart.read(1, 1));
    uart.write(3, 1, 3);
    assertEquals(0, uart.read(1, 1));
    assertEquals(0, sent.size());
  }

  @Test
  void enablingTheTransmitterInterruptRaisesItAndReadingItsCauseLowersIt() {
    uart.write(1, 1, 2);
    assertTrue(interrupt);
    assertEquals(2, uart.read(2, 1));
    assertFalse(interrupt);
    assertEquals(1, uart.read(2, 1));
  }

  @Test
  void withoutFifoOneByteIsTakenAtATime() {
    assertEquals(1, receive("ab"));
    assertEquals('a', uart.read(0, 1));
    assertEquals(0x60, uart.read(5, 1));
  }

  @Test
  void theFifoTakesSixteenAndSaysWhyItInterrupts() {
    uart.write(2, 1, 0xc1);
    uart.write(1, 1, 1);
    assertEquals(3, receive("abc"));
    assertTrue(interrupt);
    assertEquals(0xcc, uart.read(2, 1));
    assertEquals(13, receive("0123456789abcdef"));
    assertEquals(0xc4, uart.read(2, 1));
    for (int at = 0; at < 16; at++) {
      assertEquals(1, uart.read(5, 1) & 1);
      uart.read(0, 1);
    }
    assertFalse(interrupt);
  }

  @Test
  void loopbackBringsBytesAndModemLinesBack() {
    uart.write(4, 1, 0x10 | 2);
    assertEquals(0x10, uart.read(6, 1) & 0xf0);
    uart.write(0, 1, 0x5a);
    assertEquals(0x5a, uart.read(0, 1));
    assertEquals(0, sent.size());
  }

  @Test
  void theScratchRegisterKeepsWhatIsWritten() {
    uart.write(7, 1, 0xa5);
    assertEquals(0xa5, uart.read(7, 1));
  }
}
