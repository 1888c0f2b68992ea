// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parallel port, as drivers use it; and the port for panics. */
final class ParallelPortTest {
  private static final int DATA = 0x378;
  private static final int STATUS = 0x379;
  private static final int CONTROL = 0x37a;
  private static final int IDLE = 0xdf; // not busy, no ACK, selected, no error

  @TempDir Path folder;
  private Board board;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  @Test
  void aByteIsPrintedWhenStrobeBegins() {
    board.out(DATA, 1, 'A');
    assertEquals('A', board.in(DATA, 1));
    assertEquals("", board.printer.text());
    board.out(CONTROL, 1, 0x0d);
    assertEquals("A", board.printer.text());
    board.out(CONTROL, 1, 0x0d);
    board.out(DATA, 1, 'B');
    assertEquals("A", board.printer.text(), "one strobe, one byte");
    board.out(CONTROL, 1, 0x0c);
    board.out(CONTROL, 1, 0x0d);
    assertEquals("AB", board.printer.text());
  }

  /** Firmware waits for ACK to go down, and then for BUSY to go away. */
  @Test
  void theStatusTellsOfTheByte() {
    assertEquals(IDLE, board.in(STATUS, 1));
    board.out(CONTROL, 1, 0x0d);
    assertEquals(0, board.in(STATUS, 1) & 0x80, "busy");
    board.out(CONTROL, 1, 0x0c);
    assertEquals(0, board.in(STATUS, 1) & 0x40, "acknowledged");
    assertEquals(IDLE, board.in(STATUS, 1));
    board.out(STATUS, 1, 0);
    assertEquals(IDLE, board.in(STATUS, 1));
  }

  @Test
  void withItsInputSelectedNobodyDrivesTheLines() {
    board.out(DATA, 1, 0x12);
    board.out(CONTROL, 1, 0x2c);
    assertEquals(0xff, board.in(DATA, 1));
    board.out(CONTROL, 1, 0x2d);
    assertEquals("", board.printer.text());
    assertEquals(0xed, board.in(CONTROL, 1));
  }

  @Test
  void aPrinterThatIsResetTakesNothing() {
    board.out(CONTROL, 1, 0x08);
    board.out(CONTROL, 1, 0x09);
    board.out(CONTROL, 1, 0x0c);
    assertEquals("", board.printer.text());
    assertEquals(IDLE, board.in(STATUS, 1));
  }

  @Test
  void theEndOfStrobeInterruptsIfThatIsEnabled() {
    board.write(0xfee000f0L, 4, 0x1ff); // the local APIC is enabled
    board.write(0xfee00350L, 4, 0x700); // and lets the 8259s through
    board.out(0x20, 1, 0x11);
    board.out(0x21, 1, 0x20);
    board.out(0x21, 1, 4);
    board.out(0x21, 1, 1);
    board.out(0x21, 1, 0x7f); // interrupt 7 alone
    board.out(CONTROL, 1, 0x0d);
    board.out(CONTROL, 1, 0x0c);
    assertFalse(board.processor.interrupt);
    board.out(CONTROL, 1, 0x1d);
    assertFalse(board.processor.interrupt);
    board.out(CONTROL, 1, 0x1c);
    assertTrue(board.processor.interrupt);
    assertEquals(0x27, board.machine.acknowledge());
  }

  @Test
  void aPanicByThePortEndsTheMachine() {
    assertEquals(1, board.in(0x505, 1));
    board.out(0x505, 1, 1);
    assertEquals(0, board.machine.machine().run(() -> {}));
  }
}
