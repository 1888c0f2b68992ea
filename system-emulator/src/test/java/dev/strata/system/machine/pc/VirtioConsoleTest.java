// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.system.device.virtio.ConsoleDevice;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Virtio's serial lines, as drivers with and without several ports use them. */
@Timeout(30)
final class VirtioConsoleTest {
  private static final int SLOT = 6;
  private static final long BAR = 0xe0000000L;
  private static final long TEXT = 0x80000;
  private static final long ROOM = 0x200000;
  private static final long MESSAGE = 0x81000;
  private static final long MULTIPORT = 2;
  private static final int TO_GUEST = 2; // control queues
  private static final int FROM_GUEST = 3;

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

  private void put(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    for (int index = 0; index < bytes.length; index++) {
      board.write(TEXT + index, 1, bytes[index]);
    }
  }

  private String memory(long address, long length) {
    var text = new StringBuilder();
    for (long index = 0; index < length; index++) {
      text.append((char) board.read(address + index, 1));
    }
    return text.toString();
  }

  private void control(VirtioDriver driver, int number, int port, int event, int value) {
    board.write(MESSAGE, 4, port);
    board.write(MESSAGE + 4, 2, event);
    board.write(MESSAGE + 6, 2, value);
    driver.offer(FROM_GUEST, MESSAGE, 8, 0);
    driver.awaitUsed(FROM_GUEST, number);
  }

  @Test
  void aDriverThatKnowsOnePortHasTheConsole() {
    var driver = new VirtioDriver(board, SLOT, BAR, 0);
    assertEquals(31, driver.configuration(4, 4));
    assertEquals(0, board.console.offer("early"), "nobody listens yet");
    driver.start(0, 1);
    put("hello");
    driver.offer(1, TEXT, 5, 0);
    driver.awaitUsed(1, 1);
    assertEquals("hello", board.console.text());
    assertEquals(3, board.console.offer("abc"));
    driver.offer(0, ROOM, 2, VirtioDriver.WRITABLE);
    driver.awaitUsed(0, 1);
    assertEquals(2, driver.usedLength(0, 0));
    driver.offer(0, ROOM + 2, 16, VirtioDriver.WRITABLE);
    driver.awaitUsed(0, 2);
    assertEquals("abc", memory(ROOM, 3));
    assertEquals(1, driver.usedLength(0, 1));
  }

  /** By the registers of the time before the standard. */
  @Test
  void aLegacyDriverHasTheConsoleToo() {
    board.configure(SLOT, 0, 0x10, 4, 0xc300);
    board.configure(SLOT, 0, 0x04, 2, 5);
    board.out(0xc312, 1, 3);
    assertEquals(6, board.in(0xc300, 4) & 0xf, "several ports, emergency writes");
    board.out(0xc304, 4, 0);
    board.out(0xc30e, 2, 1);
    board.out(0xc308, 4, 0x10); // the queue at 10000h
    put("old");
    board.write(0x10000, 8, TEXT);
    board.write(0x10008, 4, 3);
    board.write(0x1000c, 4, 0);
    board.write(0x11004, 2, 0);
    board.write(0x11002, 2, 1);
    board.out(0xc312, 1, 7);
    board.out(0xc310, 2, 1);
    while (board.read(0x12002, 2) != 1 && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
    assertEquals("old", board.console.text());
  }

  /** The next control message, whose number is counted from 1. */
  private String message(VirtioDriver driver, int number) {
    driver.awaitUsed(TO_GUEST, number);
    long at = ROOM + 64L * ((number - 1) & 7);
    long length = driver.usedLength(TO_GUEST, number - 1);
    return board.read(at, 4)
        + ":"
        + board.read(at + 4, 2)
        + "="
        + board.read(at + 6, 2)
        + memory(at + 8, length - 8);
  }

  private VirtioDriver withPorts() {
    var driver = new VirtioDriver(board, SLOT, BAR, MULTIPORT);
    driver.start(0, 1, TO_GUEST, FROM_GUEST, 4, 5);
    for (int index = 0; index < 8; index++) {
      driver.offer(TO_GUEST, ROOM + 64L * index, 64, VirtioDriver.WRITABLE);
    }
    return driver;
  }

  @Test
  void portsAreAddedNamedAndOpened() {
    VirtioDriver driver = withPorts();
    control(driver, 1, 0, 0, 1); // the device is ready
    assertEquals("0:1=1", message(driver, 1));
    assertEquals("1:1=1", message(driver, 2));
    control(driver, 2, 0, 3, 1); // port 0 is ready
    assertEquals("0:4=1", message(driver, 3), "a console");
    assertEquals("0:6=1", message(driver, 4), "open");
    control(driver, 3, 1, 3, 1);
    assertEquals("1:7=1org.strata.port", message(driver, 5));
    assertEquals("1:6=1", message(driver, 6));

    assertEquals(0, board.port.offer("early"), "the guest has not opened it");
    control(driver, 4, 1, 6, 1);
    assertEquals(1, board.port.readyCalls);
    assertEquals(4, board.port.offer("ping"));
    driver.offer(4, ROOM + 0x1000, 64, VirtioDriver.WRITABLE);
    driver.awaitUsed(4, 1);
    assertEquals("ping", memory(ROOM + 0x1000, driver.usedLength(4, 0)));
    put("pong");
    driver.offer(5, TEXT, 4, 0);
    driver.awaitUsed(5, 1);
    assertEquals("pong", board.port.text());
    assertEquals("", board.console.text());
    control(driver, 5, 1, 6, 0);
    assertEquals(0, board.port.offer("late"), "the guest has closed it");
  }

  @Test
  void whatArrivesWaitsWithinBounds() {
    var driver = new VirtioDriver(board, SLOT, BAR, 0);
    driver.start(0, 1);
    assertEquals(4096, board.console.offer("x".repeat(5000)));
    assertEquals(0, board.console.offer("y"));
    int before = board.console.readyCalls;
    driver.offer(0, ROOM, 10_000, VirtioDriver.WRITABLE);
    driver.awaitUsed(0, 1);
    assertEquals(4096, driver.usedLength(0, 0));
    assertEquals(before + 1, board.console.readyCalls);
  }

  @Test
  void aGuestThatAsksAndNeverListensIsNotToldForEver() {
    var driver = new VirtioDriver(board, SLOT, BAR, MULTIPORT);
    driver.start(TO_GUEST, FROM_GUEST);
    for (int round = 1; round <= 2000; round++) {
      control(driver, round, 0, 0, 1);
    }
    control(driver, 2001, -1, 3, 1);
    control(driver, 2002, 31, 3, 1);
    control(driver, 2003, 30, 6, 1);
    control(driver, 2004, 0, 99, 1);
    for (int index = 0; index < 256; index++) {
      driver.offer(TO_GUEST, ROOM, 64, VirtioDriver.WRITABLE);
      driver.awaitUsed(TO_GUEST, index + 1);
    }
    driver.offer(TO_GUEST, ROOM, 64, VirtioDriver.WRITABLE);
    control(driver, 2005, 0, 99, 1);
    assertEquals(256, driver.usedCount(TO_GUEST));
    assertFalse(driver.isBroken());
  }

  @Test
  void anEmergencyNeedsNoQueue() {
    var driver = new VirtioDriver(board, SLOT, BAR, 4);
    driver.configure(8, 4, '!');
    assertEquals("!", board.console.text());
  }

  @Test
  void aResetForgetsWhatWasOpen() {
    var driver = new VirtioDriver(board, SLOT, BAR, 0);
    driver.start(0, 1);
    assertEquals(3, board.console.offer("abc"));
    var next = new VirtioDriver(board, SLOT, BAR, 0);
    assertEquals(0, board.console.offer("def"));
    next.start(0, 1);
    assertEquals(3, board.console.offer("def"));
    next.offer(0, ROOM, 64, VirtioDriver.WRITABLE);
    next.awaitUsed(0, 1);
    assertEquals("def", memory(ROOM, next.usedLength(0, 0)));
  }

  /** As when somebody types while the guest turns the machine off. */
  @Test
  void whatArrivesAfterTheEndIsNobodys() {
    new VirtioDriver(board, SLOT, BAR, 0).start(0, 1);
    board.end();
    assertEquals(3, board.console.offer("abc"));
  }

  @Test
  void thereAreAsManyPortsAsThereCanBe() throws BlockException {
    var device = new ConsoleDevice(ConsoleDevice.MOST_PORTS);
    for (int port = 1; port < ConsoleDevice.MOST_PORTS; port++) {
      device.add(-1, false, "", new Tape());
    }
    device.add(-1, true, "", new Tape());
    var full = assertThrows(BlockException.class, () -> device.add(-1, true, "", new Tape()));
    assertEquals(
        "virtio-serial-bus: Maximum port limit for this device reached", full.getMessage());
    var taken = assertThrows(BlockException.class, () -> device.add(3, false, "", new Tape()));
    assertEquals("virtio-serial-bus: A port already exists at id 3", taken.getMessage());
    var beyond = assertThrows(BlockException.class, () -> device.add(31, false, "", new Tape()));
    assertEquals(
        "virtio-serial-bus: Out-of-range port id specified, max. allowed: 30", beyond.getMessage());
  }
}
