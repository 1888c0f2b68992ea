// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Interrupts of a machine that runs, while a guest does nothing but count them. */
@Timeout(30)
final class RunningClockTest {
  private static final long LOCAL_APIC = 0xfee00000L;
  private static final long IO_APIC = 0xfec00000L;
  private static final int WANTED = 50;

  @TempDir Path folder;
  private Board board;
  private Thread running;

  @BeforeEach
  void run() throws IOException {
    board = new Board(folder);
    running = Thread.ofPlatform().start(() -> board.machine.machine().run(() -> {}));
    while (!board.processor.started) {
      Thread.onSpinWait();
    }
  }

  @AfterEach
  void close() throws Exception {
    board.machine.machine().end(0);
    running.join();
    board.close();
  }

  private void tick250TimesASecond(int mode) {
    board.out(0x43, 1, 0x30 | mode);
    board.out(0x40, 1, 4772 & 0xff);
    board.out(0x40, 1, 4772 >> 8);
  }

  private int next() {
    while (!board.processor.interrupt) {
      Thread.onSpinWait();
    }
    return board.machine.acknowledge();
  }

  @Test
  void theTimerTicksThroughTheIoApic() {
    board.machine.memory().write(LOCAL_APIC + 0xf0, 4, 0x1ff);
    tick250TimesASecond(4);
    board.machine.memory().write(IO_APIC, 4, 0x14);
    board.machine.memory().write(IO_APIC + 0x10, 4, 0x30);
    for (int tick = 0; tick < WANTED; tick++) {
      assertTrue(next() == 0x30);
      board.machine.memory().write(LOCAL_APIC + 0xb0, 4, 0);
    }
  }

  @Test
  void theTimerTicksThroughThe8259() {
    board.out(0x20, 1, 0x11);
    board.out(0x21, 1, 0x20);
    board.out(0x21, 1, 4);
    board.out(0x21, 1, 1);
    board.machine.memory().write(LOCAL_APIC + 0x350, 4, 0x700);
    board.machine.memory().write(LOCAL_APIC + 0xf0, 4, 0x1ff);
    board.machine.memory().write(LOCAL_APIC + 0x350, 4, 0x700);
    tick250TimesASecond(4);
    for (int tick = 0; tick < WANTED; tick++) {
      assertTrue(next() == 0x20);
      board.out(0x20, 1, 0x20);
    }
  }
}
