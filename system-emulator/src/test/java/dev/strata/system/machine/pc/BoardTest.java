// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static dev.strata.system.machine.Accelerator.QTEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.device.input.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What firmware finds on the board. */
final class BoardTest {
  private static final long LOCAL_APIC = 0xfee00000L;
  private static final long IO_APIC = 0xfec00000L;

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
  void theChipsAreWhereTheyAreOnAnI440fx() {
    assertEquals(0x12378086, board.configuration(0, 0, 0));
    assertEquals(0x70008086, board.configuration(1, 0, 0));
    assertEquals(0x70108086, board.configuration(1, 1, 0));
    assertEquals(0x71138086, board.configuration(1, 3, 0));
    assertEquals(0x10011af4, board.configuration(2, 0, 0));
    assertEquals(0x11111234, board.configuration(3, 0, 0));
    assertEquals(0x10051af4, board.configuration(4, 0, 0));
    assertEquals(0x00111b36, board.configuration(5, 0, 0));
    assertEquals(0x10031af4, board.configuration(6, 0, 0));
    assertEquals(0x10021af4, board.configuration(7, 0, 0));
    assertEquals(0x10041af4, board.configuration(8, 0, 0));
    assertEquals(-1, board.configuration(9, 0, 0));
    assertEquals(0x11001af4, board.configuration(0, 0, 0x2c));
  }

  @Test
  void theBusMastersTableIsSetByteByByteToo() {
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 4, 2, 1);
    board.out(0xc004, 4, 0x12345678);
    board.out(0xc005, 1, 0xab);
    assertEquals(0x1234ab78, board.in(0xc004, 4));
    board.out(0xc006, 2, 0xcdef);
    assertEquals(0xcdefab78, board.in(0xc004, 4));
    board.out(0xc004, 1, 0xff);
    assertEquals(0xcdefabfc, board.in(0xc004, 4));
  }

  @Test
  void theTimerRunsBeforeFirmwareHasSetIt() throws IOException {
    try (var driven = new Board(Files.createDirectory(folder.resolve("driven")), QTEST)) {
      long next = driven.machine.clock().nextDeadline();
      assertTrue(next > 0 && next <= 65536L * 1_000_000_000 / 1_193_182 + 1, () -> next + " ns");
    }
  }

  @Test
  void aBaseAddressRegisterTellsItsLength() {
    board.configure(2, 0, 0x10, 4, 0xffffffffL);
    assertEquals(0xffffffc1, board.configuration(2, 0, 0x10));
    board.configure(2, 0, 0x20, 4, 0xffffffffL);
    assertEquals(0xffffc000, board.configuration(2, 0, 0x20));
  }

  @Test
  void shadowRamIsReadAndWrittenAsItsRegisterSays() {
    board.write(0xf0000, 1, 0x11); // no RAM is seen
    assertEquals(0, board.read(0xf0000, 1));
    board.configure(0, 0, 0x59, 1, 0x30);
    assertEquals(0, board.read(0xf0000, 1));
    board.write(0xf0000, 1, 0x22);
    assertEquals(0x22, board.read(0xf0000, 1));
    board.configure(0, 0, 0x59, 1, 0x10);
    board.write(0xf0000, 1, 0x33);
    assertEquals(0x22, board.read(0xf0000, 1));
    board.configure(0, 0, 0x59, 1, 0x20);
    board.write(0xf0000, 1, 0x44);
    assertEquals(0, board.read(0xf0000, 1));
    board.configure(0, 0, 0x59, 1, 0x30);
    assertEquals(0x44, board.read(0xf0000, 1));
  }

  @Test
  void addressLine20FoldsTheSecondMebibyteOntoTheFirst() {
    board.write(0x100000, 1, 0x55);
    board.out(0x92, 1, 0);
    board.write(0x1000, 1, 0x66);
    assertEquals(0x66, board.read(0x101000, 1));
    board.out(0x92, 1, 2);
    assertEquals(0x55, board.read(0x100000, 1));
    assertEquals(0, board.read(0x101000, 1));
  }

  @Test
  void theKeyboardControllerPassesItsTestAndTheKeyboardIts() {
    board.out(0x64, 1, 0xaa);
    assertEquals(1, board.in(0x64, 1) & 1);
    assertEquals(0x55, board.in(0x60, 1));
    board.out(0x60, 1, 0xff);
    assertEquals(0xfa, board.in(0x60, 1));
    assertEquals(0xaa, board.in(0x60, 1));
    assertEquals(0, board.in(0x64, 1) & 1);
  }

  @Test
  void keysThatArePressedAreReadAsScanCodes() {
    board.out(0x64, 1, 0x60);
    board.out(0x60, 1, 0x40); // codes are translated
    board.machine.typist().type(List.of(key("ctrl"), key("right"), key("a")), 1L << 60);
    int[] codes = {0x1d, 0xe0, 0x4d, 0x1e};
    for (int code : codes) {
      assertEquals(1, board.in(0x64, 1) & 1);
      assertEquals(code, board.in(0x60, 1));
    }
    assertEquals(0, board.in(0x64, 1) & 1, "they are held");
  }

  private static Key key(String name) {
    Key key = Key.named(name);
    assertNotNull(key);
    return key;
  }

  @Test
  void theClockKnowsLeapDays() {
    board.out(0x70, 1, 0x07);
    assertEquals(0x29, board.in(0x71, 1));
    board.out(0x70, 1, 0x08);
    assertEquals(0x02, board.in(0x71, 1));
    board.out(0x70, 1, 0x32);
    assertEquals(0x20, board.in(0x71, 1));
    board.out(0x70, 1, 0x0b);
    board.out(0x71, 1, 0x82); // set
    board.out(0x70, 1, 0x07);
    board.out(0x71, 1, 0x15);
    board.out(0x70, 1, 0x0b);
    board.out(0x71, 1, 0x02);
    board.out(0x70, 1, 0x07);
    assertEquals(0x15, board.in(0x71, 1));
  }

  @Test
  void theMemorySizeIsInTheClocksMemory() {
    board.out(0x70, 1, 0x17);
    int low = board.in(0x71, 1);
    board.out(0x70, 1, 0x18);
    assertEquals(3072, low | board.in(0x71, 1) << 8);
  }

  @Test
  void aPciInterruptGoesWhereTheBridgeRoutesItAndThroughTheIoApicToTheProcessor() {
    // The local APIC is enabled; the I/O APIC's line 11 sends vector 41h, by level.
    board.write(LOCAL_APIC + 0xf0, 4, 0x1ff);
    board.write(IO_APIC, 4, 0x10 + 2 * 11);
    board.write(IO_APIC + 0x10, 4, 0x8041);
    board.configure(1, 0, 0x61, 1, 11);
    assertFalse(board.processor.interrupt);
    // A virtio device in slot 2 drives the second wire when its ring is broken.
    breakVirtio();
    assertTrue(board.processor.interrupt);
    assertEquals(0x41, board.machine.acknowledge());
    assertFalse(board.processor.interrupt);
    board.write(LOCAL_APIC + 0xb0, 4, 0); // the device has not been looked at: again
    assertTrue(board.processor.interrupt);
  }

  private void breakVirtio() {
    board.configure(2, 0, 0x10, 4, 0xc100);
    board.configure(2, 0, 0x04, 2, 5);
    board.out(0xc112, 1, 3);
    board.out(0xc10e, 2, 0);
    board.out(0xc108, 4, 0x10); // the queue at 10000h
    board.write(0x10000 + 16 * 256 + 2, 2, 999);
    board.out(0xc112, 1, 7);
    while ((board.configuration(2, 0, 4) >> 16 & 8) == 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void acpiIsEnabledThroughTheControlPort() {
    board.configure(1, 3, 0x40, 4, 0x601);
    board.configure(1, 3, 0x80, 1, 1);
    assertEquals(0, board.in(0x604, 2));
    board.out(0xb2, 1, 0xf1);
    assertEquals(1, board.in(0x604, 2));
  }
}
