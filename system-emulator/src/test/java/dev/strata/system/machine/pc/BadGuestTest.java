// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.device.vga.Picture;
import dev.strata.system.machine.Accelerator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that no guest means well with, through the commands of qtest: the board neither throws
 * nor hangs, its ROM stays as it was, and after a reset the device does what a good driver asks.
 */
final class BadGuestTest {
  private static final int PROGRAMS = Boolean.getBoolean("strata.long") ? 200_000 : 400;
  private static final long FIRST_SEED = Long.getLong("strata.seed", 1);
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int ROM = 0x20000;

  private final AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();

  @TempDir Path folder;

  private static byte[] rom(Board board) {
    var bytes = new byte[ROM];
    board.machine.memory().read(0x100000000L - ROM, MemorySegment.ofArray(bytes));
    return bytes;
  }

  private static void look(Board board) {
    Picture screen = board.machine.screen();
    assertNotNull(screen);
    var line = new int[screen.width()];
    for (int y = 0; y < screen.height(); y += 1 + screen.height() / 4) {
      screen.line(y, line);
    }
  }

  private void play(BadPrograms device, Board board, DrivenGuest guest, long seed) {
    guest.begin();
    long begun = System.nanoTime();
    try {
      device.run(guest, new Random(seed));
      if (device == BadPrograms.DISPLAY) {
        look(board);
      }
      board.machine.resetBoard();
      new GoodRequests(board).run(device);
      board.machine.resetBoard();
      assertNull(thrown.get());
      assertTrue(System.nanoTime() - begun < MOST_NANOS, "it takes too long");
    } catch (RuntimeException | AssertionError e) {
      String program = String.join("\n", guest.program());
      throw new AssertionError(device + ", seed " + seed + ": " + e + "\n" + program, e);
    }
  }

  @ParameterizedTest
  @EnumSource(BadPrograms.class)
  void aBoardOutlivesWhatIsDoneToIt(BadPrograms device) throws IOException {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> thrown.compareAndSet(null, e));
    try (var board = new Board(folder, Accelerator.QTEST)) {
      byte[] rom = rom(board);
      var guest = DrivenGuest.of(board);
      for (int program = 0; program < PROGRAMS; program++) {
        play(device, board, guest, FIRST_SEED + program);
      }
      assertArrayEquals(rom, rom(board));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(1 << 20, Files.size(folder.resolve("virtio.raw")));
    assertEquals(1 << 20, Files.size(folder.resolve("ide.raw")));
    assertEquals(1440 << 10, Files.size(folder.resolve("floppy.img")));
  }
}
