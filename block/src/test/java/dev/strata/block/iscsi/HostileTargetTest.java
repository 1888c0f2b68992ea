// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import static dev.strata.block.iscsi.ScriptedTarget.GET_LBA_STATUS;
import static dev.strata.block.iscsi.ScriptedTarget.INQUIRY;
import static dev.strata.block.iscsi.ScriptedTarget.MODE_SENSE_6;
import static dev.strata.block.iscsi.ScriptedTarget.READ_16;
import static dev.strata.block.iscsi.ScriptedTarget.READ_CAPACITY_16;
import static dev.strata.block.iscsi.ScriptedTarget.SYNCHRONIZE_CACHE_10;
import static dev.strata.block.iscsi.ScriptedTarget.UNMAP;
import static dev.strata.block.iscsi.ScriptedTarget.WRITE_16;
import static dev.strata.block.iscsi.ScriptedTarget.WRITE_SAME_16;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.iscsi.ScriptedTarget.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Targets that lie, that are busy, and that cannot do what others can. */
@Timeout(60)
class HostileTargetTest {
  private static final int MIB = 1 << 20;

  private ScriptedTarget target;

  @BeforeEach
  void start() throws IOException {
    Tgtd.assumeLibrary();
    target = new ScriptedTarget();
  }

  @AfterEach
  void stop() throws IOException {
    if (target != null) {
      target.close();
    }
  }

  private Disk open() throws BlockException {
    return Disk.open(
        List.of(new IscsiFactory()),
        Disk.WRITABLE,
        "driver",
        "iscsi",
        "transport",
        "tcp",
        "portal",
        "127.0.0.1:" + target.port(),
        "target",
        "iqn.2026-01.test:lies");
  }

  private static Errno errnoOf(org.junit.jupiter.api.function.Executable request) {
    return assertThrows(BlockException.class, request).errno();
  }

  @Test
  @DisplayName("CVE-2020-1711: a reply to GET LBA STATUS that is no answer, or too short")
  void statusOfBlocksIsOnlyBelievedIfItIsAnAnswer() throws BlockException {
    try (Disk disk = open()) {
      Answer[] lies = {
        ScriptedTarget.lbaStatus(20, 7, 8, 1), // of another block, before
        ScriptedTarget.lbaStatus(20, 9, 8, 1), // and behind
        ScriptedTarget.lbaStatus(20, -1, 8, 1),
        ScriptedTarget.lbaStatus(20, 8, 0, 1), // of no block
        ScriptedTarget.lbaStatus(4, 8, 8, 1), // without a descriptor
        ScriptedTarget.lbaStatus(0, 8, 8, 1),
        Answer.of(new byte[8]),
        Answer.of(new byte[23]),
        Answer.of(),
      };
      for (Answer lie : lies) {
        target.answer(GET_LBA_STATUS, lie);
        assertEquals(
            Errno.EIO, errnoOf(() -> disk.backend().status(4096, 8192, StatusDetail.ZEROES)));
      }
      target.answer(GET_LBA_STATUS, ScriptedTarget.lbaStatus(20, 8, -1, 1));
      Extent run = disk.backend().status(4096, 8192, StatusDetail.ZEROES);
      assertTrue(run.zero());
      assertEquals(8192, run.length()); // however long the target says it is
      target.answer(GET_LBA_STATUS, ScriptedTarget.lbaStatus(0x7fffffff, 8, 1, 0));
      run = disk.backend().status(4096 + 100, 8192, StatusDetail.ZEROES);
      assertTrue(run.data());
      assertEquals(412, run.length());
    }
  }

  @Test
  void whereStatusIsNotToldAllIsData() throws BlockException {
    try (Disk disk = open()) {
      for (int i = 0; i < 2; i++) {
        Extent run = disk.backend().status(0, MIB, StatusDetail.ZEROES);
        assertTrue(run.data() && !run.zero());
        assertEquals(MIB, run.length());
      }
      assertEquals(1, target.count(GET_LBA_STATUS)); // it is not asked again
    }
  }

  @Test
  @DisplayName("CVE-2020-11947: bytes that the target never sent")
  void aReadThatMovedLessThanAskedFails() throws BlockException {
    try (Disk disk = open()) {
      target.answer(READ_16, Answer.of(new byte[512]));
      assertEquals(Errno.EIO, errnoOf(() -> disk.read(0, 1024)));
      target.answer(READ_16, Answer.of());
      assertEquals(Errno.EIO, errnoOf(() -> disk.read(0, 1024)));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "100|0|iSCSI: The LUN has blocks of 0 bytes, which are not supported",
        "100|511|iSCSI: The LUN has blocks of 511 bytes, which are not supported",
        "100|520|iSCSI: The LUN has blocks of 520 bytes, which are not supported",
        "100|-2147483648|iSCSI: The LUN has blocks of 2147483648 bytes, which are not supported",
        "-1|512|iSCSI: The LUN is too large: its last block is 18446744073709551615",
        "9223372036854775807|512|iSCSI: The LUN is too large: its last block is"
            + " 9223372036854775807",
      })
  void aCapacityThatCannotBeIsRefused(long lastBlock, int blockSize, String message) {
    target.answer(READ_CAPACITY_16, ScriptedTarget.capacity(lastBlock, blockSize));
    assertEquals(message, assertThrows(BlockException.class, this::open).getMessage());
  }

  @Test
  void limitsThatNothingFitsIntoDoNotHarm() throws BlockException {
    target.answer(
        INQUIRY,
        block -> {
          byte[] reply = new byte[block.get(1) == 1 ? 64 : 36];
          reply[1] = block.get(2);
          boolean list = block.get(1) == 1 && block.get(2) == 0;
          if (list) {
            reply[3] = (byte) 0xff; // longer than the page
            reply[5] = (byte) 0xb0;
            reply[6] = (byte) 0xb2;
          } else if (block.get(2) == (byte) 0xb0) {
            ByteBuffer.wrap(reply).putInt(8, 1).putInt(12, -1).putInt(20, 1).putInt(28, -1);
            ByteBuffer.wrap(reply).putLong(36, -1);
          } else if (block.get(2) == (byte) 0xb2) {
            reply[5] = -1;
          }
          return Answer.of(reply);
        });
    try (Disk disk = open()) {
      disk.read(0, 2048);
      assertEquals(4, target.count(READ_16)); // and what opening read
      disk.backend().discard(0, 1024);
      disk.backend().writeZeroes(0, MIB, RequestFlags.MAY_UNMAP);
      assertTrue(target.count(UNMAP) <= 2);
    }
  }

  @Test
  void withoutForceUnitAccessAWriteThroughIsFollowedByAFlush() throws BlockException {
    try (Disk disk = open()) {
      var flags = new AtomicInteger();
      target.answer(
          WRITE_16,
          block -> {
            flags.set(block.get(1));
            return Answer.GOOD;
          });
      disk.backend().write(0, IoVector.of(new byte[512]), RequestFlags.FUA);
      assertEquals(0, flags.get());
      assertEquals(1, target.count(WRITE_16));
      assertEquals(1, target.count(SYNCHRONIZE_CACHE_10));
    }
  }

  @Test
  void zeroesAreWrittenWhereThereIsNoWriteSame() throws BlockException {
    target.answer(WRITE_SAME_16, Answer.sense(5, 0x2000));
    try (Disk disk = open()) {
      disk.backend().writeZeroes(0, 8192, 0);
      disk.backend().writeZeroes(0, 8192, 0);
      assertEquals(1, target.count(WRITE_SAME_16));
      assertEquals(2, target.count(WRITE_16));
    }
  }

  @Test
  void aBusyTargetIsAskedAgain() throws BlockException {
    try (Disk disk = open()) {
      target.answerFirst(WRITE_16, 3, Answer.BUSY);
      disk.write(0, 512, 1);
      assertEquals(4, target.count(WRITE_16));
      target.answerFirst(READ_16, 2, Answer.TASK_SET_FULL);
      int before = target.count(READ_16);
      disk.read(0, 512);
      assertEquals(before + 3, target.count(READ_16));
    }
  }

  @Test
  void unitAttentionsAreHeardUntilThereAreTooMany() throws BlockException {
    try (Disk disk = open()) {
      target.answerFirst(WRITE_16, 3, Answer.sense(6, 0x2900));
      disk.write(0, 512, 1);
      assertEquals(4, target.count(WRITE_16));
      target.answer(WRITE_16, Answer.sense(6, 0x2900));
      assertEquals(Errno.EAGAIN, errnoOf(() -> disk.write(0, 512, 1)));
      assertTrue(target.count(WRITE_16) < 100);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3, 0x1100, EIO",
    "4, 0x4400, EIO",
    "7, 0x2700, EACCES",
    "7, 0x2702, EACCES",
    "7, 0x2707, ENOSPC",
    "5, 0x2100, ENOSPC",
    "5, 0x2000, EINVAL",
    "5, 0x2500, EOPNOTSUPP",
    "2, 0x3a00, ENOMEDIUM",
    "2, 0x0401, EINPROGRESS",
    "11, 0x0000, ECANCELED",
  })
  void senseTellsTheKindOfFailure(int key, String code, Errno errno) throws BlockException {
    try (Disk disk = open()) {
      target.answer(WRITE_16, Answer.sense(key, Integer.decode(code)));
      assertEquals(errno, errnoOf(() -> disk.write(0, 512, 1)));
      target.answer(WRITE_16, Answer.GOOD);
      disk.write(0, 512, 1);
    }
  }

  /** The library takes that for a broken connection, and connects again. */
  @Test
  void aTargetThatAlwaysSendsMoreThanWasAskedForIsGivenUp() throws BlockException {
    try (Disk disk = open()) {
      target.answer(GET_LBA_STATUS, Answer.of(Disk.filled(4096, 0x77)));
      assertEquals(Errno.EIO, errnoOf(() -> disk.backend().status(0, MIB, StatusDetail.ZEROES)));
      assertTrue(target.count(GET_LBA_STATUS) < 20);
      assertEquals(Errno.EIO, errnoOf(() -> disk.read(0, 512)));
    }
  }

  @Test
  void aReadGetsWhatTheTargetSends() throws BlockException {
    try (Disk disk = open()) {
      target.answer(READ_16, block -> Answer.of(Disk.filled(512 * block.getInt(10), 1)));
      assertArrayEquals(Disk.filled(1024, 1), disk.read(0, 1024));
    }
  }

  /** A library without iSER says of it what any says of a transport that nobody knows. */
  @Test
  void aTransportThatTheLibraryLacksIsToldInOneLine() {
    var settings = new IscsiSettings(2, "127.0.0.1", "iqn.2026-01.test:t", 0, null, "iqn.i", 0, 0);
    var e = assertThrows(BlockException.class, () -> Session.open(settings));
    assertEquals(
        "Error initializing transport: this libiscsi has no iSER: Unfamiliar transport type",
        e.getMessage());
    assertEquals(Errno.EOPNOTSUPP, e.errno());
  }

  @Test
  void aTargetThatDoesNotTellItsModeIsWritable() throws BlockException {
    target.answer(MODE_SENSE_6, Answer.sense(5, 0x2000));
    try (Disk disk = open()) {
      disk.write(0, 512, 1);
      assertEquals(1, target.count(WRITE_16));
    }
  }
}
