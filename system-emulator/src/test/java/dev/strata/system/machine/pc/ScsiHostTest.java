// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A SCSI disk behind a virtio host, as a driver of virtio 1.0 uses it. */
@Timeout(60)
final class ScsiHostTest {
  private static final long BAR = 0xe0000000L;
  private static final int SLOT = 8;
  private static final int EVENTS = 1; // queues
  private static final int REQUESTS = 2;
  private static final long HEADER = 0x40000;
  private static final long RESPONSE = 0x41000;
  private static final long DATA = 0x50000;
  private static final long EVENT = 0x60000;
  private static final int HEADER_BYTES = 51;
  private static final int RESPONSE_BYTES = 108;
  private static final int FEATURES = 6; // HOTPLUG, CHANGE

  @TempDir Path folder;
  private Board board;
  private VirtioDriver driver;
  private int done;

  @BeforeEach
  void open() throws IOException {
    board = new Board(folder);
    driver = new VirtioDriver(board, SLOT, BAR, FEATURES);
    driver.start(0, EVENTS, REQUESTS);
    assertEquals(0x0629, run("000000000000", 0, 0)); // power on
  }

  @AfterEach
  void close() throws IOException {
    board.close();
  }

  /** Runs a command of unit 0: 0, or sense key and code, or a response as -1 and less. */
  private int run(String command, int given, int room) {
    offer(command, given, room);
    driver.awaitUsed(REQUESTS, ++done);
    int response = (int) board.read(RESPONSE + 11, 1);
    int key = (int) board.read(RESPONSE + 12 + 2, 1);
    int code = (int) board.read(RESPONSE + 12 + 12, 1);
    return response != 0 ? -response : board.read(RESPONSE + 10, 1) == 2 ? key << 8 | code : 0;
  }

  private void offer(String command, int given, int room) {
    for (int at = 0; at < HEADER_BYTES; at++) {
      board.write(HEADER + at, 1, 0);
    }
    board.write(HEADER, 1, 1);
    byte[] bytes = HexFormat.of().parseHex(command);
    for (int at = 0; at < bytes.length; at++) {
      board.write(HEADER + 19 + at, 1, bytes[at]);
    }
    int index = 0;
    driver.descriptor(REQUESTS, index, HEADER, HEADER_BYTES, VirtioDriver.NEXT, 1);
    index++;
    if (given > 0) {
      driver.descriptor(REQUESTS, index, DATA, given, VirtioDriver.NEXT, index + 1);
      index++;
    }
    int more = room > 0 ? VirtioDriver.NEXT : 0;
    driver.descriptor(
        REQUESTS, index, RESPONSE, RESPONSE_BYTES, VirtioDriver.WRITABLE | more, index + 1);
    index++;
    if (room > 0) {
      driver.descriptor(REQUESTS, index, DATA, room, VirtioDriver.WRITABLE, 0);
    }
    driver.offer(REQUESTS, 0);
  }

  @Test
  void blocksAreReadIntoTheGuestsPages() throws IOException {
    var bytes = new byte[1024];
    Arrays.fill(bytes, (byte) 0x5a);
    board.scsiDisk.write(4 * 512, IoVector.of(bytes), 0);
    assertEquals(0, run("28000000000400000200", 0, 1024));
    assertEquals(0x5a5a5a5a5a5a5a5aL, board.read(DATA + 1016, 8));
    assertEquals(RESPONSE_BYTES + 1024, driver.usedLength(REQUESTS, done - 1));
  }

  @Test
  void whatIsLeftOfTheRoomIsTold() {
    assertEquals(0, run("28000000000400000100", 0, 2048));
    assertEquals(1536, board.read(RESPONSE + 4, 4));
  }

  @Test
  void blocksAreWrittenFromTheGuestsPages() throws IOException {
    for (int at = 0; at < 512; at += 8) {
      board.write(DATA + at, 8, 0x1122334455667788L);
    }
    assertEquals(0, run("2a080000000900000100", 512, 0)); // at once on the medium
    var found = new byte[512];
    board.scsiDisk.read(9 * 512, IoVector.of(found), 0);
    assertEquals((byte) 0x88, found[0]);
    assertEquals((byte) 0x11, found[511]);
  }

  @Test
  void whatWouldNotFitIsNotBegun() {
    board.write(DATA, 8, -1);
    assertEquals(-1, run("28000000000000000800", 0, 512));
    assertEquals(-1, board.read(DATA, 8));
  }

  @Test
  void aBlockIsWrittenManyTimes() throws IOException {
    board.write(DATA, 8, 0x55);
    assertEquals(0, run("41000000000000080000", 512, 0));
    var found = new byte[1 << 20];
    board.scsiDisk.read(0, IoVector.of(found), 0);
    for (int at = 0; at < found.length; at++) {
      assertEquals(at % 512 == 0 ? 0x55 : 0, found[at]);
    }
  }

  @Test
  void noRangeIsGivenBackIfOneIsBeyondTheEnd() throws IOException {
    var bytes = new byte[512];
    Arrays.fill(bytes, (byte) 1);
    board.scsiDisk.write(0, IoVector.of(bytes), 0);
    String list = "0026002000000000" + "00000000000000000000000100000000";
    byte[] all = HexFormat.of().parseHex(list + "00000000000007ff0000000200000000");
    for (int at = 0; at < all.length; at++) {
      board.write(DATA + at, 1, all[at]);
    }
    assertEquals(0x0521, run("42000000000000002800", all.length, 0));
    var found = new byte[512];
    board.scsiDisk.read(0, IoVector.of(found), 0);
    assertEquals(1, found[0]);
  }

  @Test
  void theWriteCacheIsTheGuestsChoice() {
    assertEquals(0, run("1a0008001800", 0, 24));
    assertEquals(4, board.read(DATA + 14, 1) & 4);
    byte[] off = HexFormat.of().parseHex("00000000" + "0812" + "00".repeat(18));
    for (int at = 0; at < off.length; at++) {
      board.write(DATA + at, 1, off[at]);
    }
    assertEquals(0, run("151000001800", off.length, 0));
    assertTrue(board.scsiDisk.writeThrough());
  }

  @Test
  void anotherCapacityIsToldAndHasToBeHeard() {
    driver.offer(EVENTS, EVENT, 16, VirtioDriver.WRITABLE);
    board.scsiDrive.tellResized();
    driver.awaitUsed(EVENTS, 1);
    assertEquals(3, board.read(EVENT, 4)); // parameters have changed
    assertEquals(0x092a, board.read(EVENT + 12, 4));
    assertEquals(0x062a, run("000000000000", 0, 0));
    assertEquals(0, run("000000000000", 0, 0));
  }

  @Test
  void aUnitThatLeavesIsMissed() {
    driver.offer(EVENTS, EVENT, 16, VirtioDriver.WRITABLE);
    board.scsiRemoval.run();
    driver.awaitUsed(EVENTS, 1);
    assertEquals(1, board.read(EVENT, 4)); // of the transport
    assertEquals(2, board.read(EVENT + 12, 4)); // removed
    assertEquals(-3, run("000000000000", 0, 0)); // no such target
  }

  @Test
  void aRequestWithoutRoomForItsResultBreaksTheDevice() {
    driver.descriptor(REQUESTS, 0, HEADER, HEADER_BYTES, VirtioDriver.NEXT, 1);
    driver.descriptor(REQUESTS, 1, RESPONSE, RESPONSE_BYTES - 1, VirtioDriver.WRITABLE, 0);
    driver.offer(REQUESTS, 0);
    driver.awaitBroken();
  }

  @Test
  void placesThatThereAreNotAreRefused() {
    assertEquals(
        "bad scsi device id: 256",
        assertThrows(BlockException.class, () -> board.scsi.free(0, 256, -1)).getMessage());
    assertEquals(
        "bad scsi device lun: 16384",
        assertThrows(BlockException.class, () -> board.scsi.free(0, 0, 16384)).getMessage());
  }

  @Test
  void aUnitWithoutAPlaceGetsTheFirst() throws BlockException {
    assertEquals("[1, 0]", Arrays.toString(board.scsi.free(0, -1, -1)));
    assertEquals("[0, 1]", Arrays.toString(board.scsi.free(0, 0, -1)));
    assertEquals("[0, 300]", Arrays.toString(board.scsi.free(0, -1, 300)));
    assertEquals("[3, 0]", Arrays.toString(board.scsi.free(0, 3, -1)));
  }
}
