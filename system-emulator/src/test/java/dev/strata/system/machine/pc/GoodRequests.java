// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What a driver asks of a device that has just been reset: it works. */
final class GoodRequests {
  private static final long BAR = BadPrograms.BAR;
  private static final long DATA = 0x200000;
  private static final long TABLE = 0x30000;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final Board board;

  GoodRequests(Board board) {
    this.board = board;
  }

  /** One for the device of such programs. */
  void run(BadPrograms device) {
    switch (device) {
      case DISK -> disk();
      case ENTROPY -> entropy();
      case CONSOLES -> onQueue(6, 3);
      case BALLOON -> onQueue(7, 0);
      case SCSI -> scsi();
      case IDE -> ide();
      case FLOPPY -> floppy();
      case FIRMWARE -> firmware();
      case TIMERS -> timers();
      case INTERRUPTS -> interrupts();
      case SERIAL_AND_KEYBOARD -> keyboard();
      case DISPLAY -> display();
      case PCI -> assertEquals(0x12378086, board.configuration(0, 0, 0));
    }
  }

  private static void await(BooleanSupplier condition, String what) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, what);
      Thread.onSpinWait();
    }
  }

  private static void awaitUsed(VirtioDriver driver, int queue) {
    await(() -> driver.usedCount(queue) == 1, "the request comes back");
  }

  private void disk() {
    var driver = new VirtioDriver(board, 2, BAR, 0);
    driver.start(0);
    board.write(DATA, 8, 0); // a read
    board.write(DATA + 8, 8, 3);
    board.write(DATA + 0x1200, 1, 0xff);
    driver.descriptor(0, 0, DATA, 16, VirtioDriver.NEXT, 1);
    driver.descriptor(0, 1, DATA + 0x1000, 512, VirtioDriver.NEXT | VirtioDriver.WRITABLE, 2);
    driver.descriptor(0, 2, DATA + 0x1200, 1, VirtioDriver.WRITABLE, 0);
    driver.offer(0, 0);
    awaitUsed(driver, 0);
    assertEquals(0, board.read(DATA + 0x1200, 1));
  }

  /** INQUIRY, which is answered in every state. */
  private void scsi() {
    var driver = new VirtioDriver(board, 8, BAR, 0);
    driver.start(2);
    for (int at = 0; at < 64; at += 8) {
      board.write(DATA + at, 8, 0);
    }
    board.write(DATA, 1, 1); // target 0, unit 0
    board.write(DATA + 19, 1, 0x12);
    board.write(DATA + 23, 1, 36);
    board.write(DATA + 0x1008, 4, -1);
    driver.descriptor(2, 0, DATA, 51, VirtioDriver.NEXT, 1);
    driver.descriptor(2, 1, DATA + 0x1000, 108, VirtioDriver.NEXT | VirtioDriver.WRITABLE, 2);
    driver.descriptor(2, 2, DATA + 0x1200, 36, VirtioDriver.WRITABLE, 0);
    driver.offer(2, 0);
    await(() -> driver.usedCount(2) == 1, "the command comes back");
    assertEquals(0, board.read(DATA + 0x1008, 4));
    assertEquals(0x4b534944, board.read(DATA + 0x1210, 4)); // DISK
  }

  private void entropy() {
    var driver = new VirtioDriver(board, 4, BAR, 0);
    driver.start(0);
    driver.offer(0, DATA, 8, VirtioDriver.WRITABLE);
    awaitUsed(driver, 0);
    assertEquals(0x5e5e5e5e5e5e5e5eL, board.read(DATA, 8));
  }

  private void onQueue(int slot, int queue) {
    var driver = new VirtioDriver(board, slot, BAR, slot == 6 ? 2 : 0);
    driver.start(queue);
    board.write(DATA, 8, 0x300);
    driver.offer(queue, DATA, 8, 0);
    awaitUsed(driver, queue);
  }

  private void awaitDisk(int status) {
    await(() -> board.in(0x1f7, 1) == status, "the drive is ready");
  }

  private void ide() {
    board.configure(1, 1, 0x20, 4, 0xc000);
    board.configure(1, 1, 0x04, 2, 7);
    board.out(0x1f6, 1, 0xe0);
    board.out(0x1f2, 1, 1);
    for (int register = 3; register < 6; register++) {
      board.out(0x1f0 + register, 1, 0);
    }
    board.out(0x1f7, 1, 0x20); // a sector by the processor
    awaitDisk(0x58);
    for (int word = 0; word < 256; word++) {
      board.in(0x1f0, 2);
    }
    awaitDisk(0x50);
    board.write(TABLE, 4, DATA);
    board.write(TABLE + 4, 4, 0x80000200L);
    board.out(0xc004, 4, TABLE);
    board.out(0xc002, 1, 6);
    board.out(0x1f2, 1, 1);
    board.out(0x1f7, 1, 0xc8); // and one by itself
    board.out(0xc000, 1, 9);
    await(() -> (board.in(0xc002, 1) & 5) == 4, "the transfer ends");
    awaitDisk(0x50);
    assertEquals(0, board.in(0xc002, 1) & 2);
  }

  private void awaitFloppy(int bits) {
    await(() -> (board.in(0x3f4, 1) & 0xc0) == bits, "the controller is ready");
  }

  private void tell(int... words) {
    for (int word : words) {
      awaitFloppy(0x80);
      board.out(0x3f5, 1, word);
    }
  }

  private int hear() {
    awaitFloppy(0xc0);
    return board.in(0x3f5, 1);
  }

  private void floppy() {
    board.out(0x3f2, 1, 0);
    board.out(0x3f2, 1, 0x1c);
    for (int drive = 0; drive < 4; drive++) {
      tell(8);
      assertEquals(0xc0 | drive, hear());
      hear();
    }
    board.out(0x3f7, 1, 0);
    tell(3, 0xaf, 2);
    tell(7, 0);
    tell(8);
    assertEquals(0x20, hear());
    assertEquals(0, hear());
    board.out(0x0a, 1, 6);
    board.out(0x0c, 1, 0);
    board.out(0x0b, 1, 0x46);
    board.out(0x04, 1, 0);
    board.out(0x04, 1, 0);
    board.out(0x81, 1, 0x20);
    board.out(0x05, 1, 0xff);
    board.out(0x05, 1, 1);
    board.out(0x0a, 1, 2);
    tell(0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    assertEquals(0, hear());
    for (int more = 0; more < 6; more++) {
      hear();
    }
  }

  private void firmware() {
    board.write(TABLE, 4, Integer.reverseBytes(0xa)); // selects the signature, and reads
    board.write(TABLE + 4, 4, Integer.reverseBytes(4));
    board.write(TABLE + 8, 8, Long.reverseBytes(DATA));
    board.out(0x514, 4, 0);
    board.out(0x518, 4, Integer.reverseBytes((int) TABLE));
    assertEquals(0, board.read(TABLE, 4));
    assertEquals(0x554d4551, board.read(DATA, 4));
  }

  private void timers() {
    board.out(0x43, 1, 0x34);
    board.out(0x40, 1, 0);
    board.out(0x40, 1, 0x10);
    board.out(0x43, 1, 0xe2);
    assertEquals(0x34, board.in(0x40, 1) & 0x3f);
    board.out(0x70, 1, 0xd);
    assertEquals(0x80, board.in(0x71, 1));
  }

  private void interrupts() {
    for (int value : new int[] {0x11, 0x20, 4, 1}) {
      board.out(value == 0x11 ? 0x20 : 0x21, 1, value);
    }
    board.out(0x21, 1, 0xa5);
    assertEquals(0xa5, board.in(0x21, 1));
    board.write(0xfec00000L, 4, 0x14);
    board.write(0xfec00010L, 4, 0x131);
    assertEquals(0x131, board.read(0xfec00010L, 4));
    assertEquals(0x50014, board.read(0xfee00030L, 4));
  }

  private void keyboard() {
    board.out(0x64, 1, 0xaa);
    assertEquals(0x55, board.in(0x60, 1));
  }

  private void display() {
    board.out(0x1ce, 2, 0);
    assertEquals(0xb0c5, board.in(0x1cf, 2));
    board.machine.screen();
  }
}
