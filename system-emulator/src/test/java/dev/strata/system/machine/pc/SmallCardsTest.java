// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The source of random bytes, and the card for panics. */
@Timeout(30)
final class SmallCardsTest {
  private static final int ENTROPY = 4; // slots
  private static final int PANIC = 5;
  private static final long BAR = 0xe0000000L;
  private static final long DESCRIPTORS = 0x10000;
  private static final long AVAILABLE = 0x12000;
  private static final long USED = 0x13000;
  private static final long DATA = 0x200000; // in RAM without a hole

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

  /** Asks for {@code length} bytes: how many came. */
  private long ask(int length) {
    board.configure(ENTROPY, 0, 0x20, 4, BAR);
    board.configure(ENTROPY, 0, 0x04, 2, 6);
    board.write(BAR + 8, 4, 1);
    board.write(BAR + 12, 4, 1); // VERSION_1
    board.write(BAR + 20, 1, 11);
    board.write(BAR + 24, 2, 8);
    board.write(BAR + 32, 4, DESCRIPTORS);
    board.write(BAR + 40, 4, AVAILABLE);
    board.write(BAR + 48, 4, USED);
    board.write(BAR + 28, 2, 1);
    board.write(BAR + 20, 1, 15);
    board.write(DESCRIPTORS, 8, DATA);
    board.write(DESCRIPTORS + 8, 4, length);
    board.write(DESCRIPTORS + 12, 2, 2);
    board.write(AVAILABLE + 2, 2, 1);
    board.write(BAR + 0x3000, 2, 0);
    while (board.read(USED + 2, 2) != 1 && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
    return board.read(USED + 8, 4);
  }

  @Test
  void theGuestIsGivenRandomBytes() {
    assertEquals(16, ask(16));
    assertEquals(0x5e5e5e5e5e5e5e5eL, board.read(DATA + 8, 8));
    assertEquals(0, board.read(DATA + 16, 8));
  }

  @Test
  void aGreedyGuestIsGivenLess() {
    assertEquals(4096, ask(1 << 20));
    assertEquals(0x5e, board.read(DATA + 4095, 1));
    assertEquals(0, board.read(DATA + 4096, 1));
  }

  @Test
  void aPanicEndsTheMachine() {
    board.configure(PANIC, 0, 0x10, 4, BAR);
    board.configure(PANIC, 0, 0x04, 2, 2);
    assertEquals(1, board.read(BAR, 1));
    board.write(BAR, 1, 1);
    assertEquals(0, board.machine.machine().run(() -> {}));
  }
}
