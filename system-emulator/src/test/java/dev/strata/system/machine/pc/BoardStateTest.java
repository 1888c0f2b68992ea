// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.BlockException;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.state.StateInput;
import dev.strata.system.state.StateOutput;
import dev.strata.system.state.StateSection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Boards that programs have done anything to: another one that goes on with the state answers as
 * the first one does.
 */
final class BoardStateTest {
  private static final int PROGRAMS = Boolean.getBoolean("strata.long") ? 2000 : 12;
  private static final int BROKEN = Boolean.getBoolean("strata.long") ? 100_000 : 600;
  private static final int VERSIONED = 12; // bytes of the stream before the first section
  private static final int FIELDS = 1; // kind of section

  @TempDir Path folder;

  private Board board(String name) throws IOException {
    return new Board(Files.createDirectories(folder.resolve(name)), Accelerator.QTEST);
  }

  private static byte[] save(Board board) throws Exception {
    PcState parts = board.machine.parts();
    parts.hold(true);
    while (!parts.isSettled()) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    var out = new ByteArrayOutputStream();
    StateOutput.write(parts.sections(), out);
    return out.toByteArray();
  }

  private static void load(Board board, byte[] state) throws BlockException {
    board.machine.resetBoard();
    StateInput.read(board.machine.parts().sections(), new ByteArrayInputStream(state));
  }

  /** What a guest sees of the board when it looks everywhere, ports first. */
  private static int[] seen(Board board) {
    var all = new int[0x10000 + 64 * 256 / 4 + 2 * 0x400];
    int at = 0;
    for (int port = 0; port < 0x10000; port++) {
      boolean moves = port == 0x170 || port == 0x1f0 || port == 0x3f5; // on, whenever that is done
      all[at++] = moves ? 0 : board.in(port, 1);
    }
    for (int function = 0; function < 64; function++) {
      for (int register = 0; register < 256; register += 4) {
        all[at++] = board.configuration(function >> 3 & 7, function & 7, register);
      }
    }
    for (long chip : new long[] {0xfee00000L, 0xfed00000L}) {
      for (int register = 0; register < 0x400; register += 4) {
        all[at + register / 4] = (int) board.read(chip + register, 4);
      }
      at += 0x400 / 4;
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(BadPrograms.class)
  void anotherBoardGoesOnAsTheFirstWould(BadPrograms device) throws Exception {
    try (var first = board("first");
        var second = board("second")) {
      for (int seed = 0; seed < PROGRAMS; seed++) {
        var guest = DrivenGuest.of(first);
        device.run(guest, new Random(seed));
        byte[] state = save(first);
        load(second, state);
        assertArrayEquals(state, save(second), device + ", seed " + seed);
        assertArrayEquals(seen(first), seen(second), device + ", seed " + seed);
        first.machine.parts().hold(false);
        second.machine.parts().hold(false);
        first.machine.resetBoard();
      }
    }
  }

  @Test
  void aPeriodicTimerOfTheProcessorIsStillPeriodic() throws Exception {
    try (var first = board("first");
        var second = board("second")) {
      first.write(0xfee000f0L, 4, 0x1ff);
      first.write(0xfee00320L, 4, 0x20031);
      first.write(0xfee00380L, 4, 1000);
      load(second, save(first));
      assertEquals(0x20031, second.read(0xfee00320L, 4));
      assertEquals(1000, second.read(0xfee00380L, 4));
    }
  }

  @Test
  void whateverASectionHoldsTheBoardOutlivesIt() throws Exception {
    try (var board = board("hostile")) {
      for (BadPrograms device : BadPrograms.values()) {
        device.run(DrivenGuest.of(board), new Random(1));
      }
      byte[] state = save(board);
      board.machine.parts().hold(false);
      var random = new Random(2);
      for (int round = 0; round < BROKEN; round++) {
        byte[] broken = broken(state, random, board);
        try {
          load(board, broken);
        } catch (BlockException e) {
          assertEquals(1, e.getMessage().lines().count());
          board.machine.resetBoard(); // as whoever loads does
        }
        BadPrograms[] all = BadPrograms.values();
        all[random.nextInt(all.length)].run(DrivenGuest.of(board), new Random(round));
      }
      load(board, state); // no reset changes what a battery keeps
      board.machine.resetBoard();
      for (BadPrograms device : BadPrograms.values()) {
        new GoodRequests(board).run(device);
        board.machine.resetBoard();
      }
    }
  }

  /** A few bytes of one section are others, and its checksum is right. */
  private static byte[] broken(byte[] state, Random random, Board board) throws IOException {
    var sections = board.machine.parts().sections();
    int wanted = random.nextInt(sections.size());
    var out = new ByteArrayOutputStream();
    out.write(state, 0, VERSIONED);
    for (int index = 0; index < sections.size(); index++) {
      var one = new ByteArrayOutputStream();
      StateOutput.write(List.of(sections.get(index)), one);
      byte[] bytes = one.toByteArray();
      if (index == wanted && sections.get(index) instanceof StateSection.Fields fields) {
        spoil(bytes, VERSIONED + 2 + fields.name().length() + 8, random);
      }
      out.write(bytes, VERSIONED, bytes.length - VERSIONED - 1);
    }
    out.write(0);
    return out.toByteArray();
  }

  /** The fields lie from {@code first} to the checksum and the end's byte. */
  private static void spoil(byte[] section, int first, Random random) {
    assertEquals(FIELDS, section[VERSIONED]);
    int length = section.length - 5 - first;
    if (length == 0) {
      return;
    }
    for (int change = 0; change <= random.nextInt(4); change++) {
      section[first + random.nextInt(length)] = (byte) random.nextInt();
    }
    var sum = new CRC32C();
    sum.update(section, first, length);
    int value = (int) sum.getValue();
    for (int at = 0; at < 4; at++) {
      section[first + length + at] = (byte) (value >>> (24 - 8 * at));
    }
  }
}
