// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of requests and replies, as doc/proto.md and the extension of headers have them. */
final class TransmissionTest {
  private static final long COOKIE = 0x0102030405060708L;
  private static final String COOKIE_HEX = "0102030405060708";

  private final ByteBuffer out = ByteBuffer.allocateDirect(8192);

  @Test
  void compactRequestsHave28Bytes() {
    RequestHeader.put(
        out, false, CommandFlags.FUA, Command.WRITE, COOKIE, 0x1122334455L, 0xfffffe00L);
    assertEquals(
        "25609513" + "0001" + "0001" + COOKIE_HEX + "0000001122334455" + "fffffe00", written());
    assertTrue(RequestHeader.hasMagic(out, 0, false));
    assertFalse(RequestHeader.hasMagic(out, 0, true));
    assertEquals(CommandFlags.FUA, RequestHeader.flags(out, 0));
    assertEquals(Command.WRITE, RequestHeader.command(out, 0));
    assertEquals(COOKIE, RequestHeader.cookie(out, 0));
    assertEquals(0x1122334455L, RequestHeader.offset(out, 0));
    assertEquals(0xfffffe00L, RequestHeader.length(out, 0, false));
    assertEquals(0xfffffe00L, RequestHeader.payloadLength(out, 0, false));
    assertEquals(28, HeaderStyle.STRUCTURED.requestSize());
  }

  @Test
  void extendedRequestsHave32Bytes() {
    int flags = CommandFlags.NO_HOLE | CommandFlags.FAST_ZERO;
    RequestHeader.put(out, true, flags, Command.WRITE_ZEROES, COOKIE, 512, 1L << 40);
    assertEquals(
        "21e41c71" + "0012" + "0006" + COOKIE_HEX + "0000000000000200" + "0000010000000000",
        written());
    assertTrue(RequestHeader.hasMagic(out, 0, true));
    assertEquals(1L << 40, RequestHeader.length(out, 0, true));
    assertEquals(0, RequestHeader.payloadLength(out, 0, true));
    assertEquals(32, HeaderStyle.EXTENDED.requestSize());
  }

  @Test
  void payloadFollowsWritesOrWhereTheExtendedFlagSaysSo() {
    RequestHeader.put(out, false, CommandFlags.PAYLOAD_LEN, Command.READ, COOKIE, 0, 512);
    assertEquals(0, RequestHeader.payloadLength(out, 0, false));
    out.clear();
    RequestHeader.put(out, true, CommandFlags.PAYLOAD_LEN, 77, COOKIE, 0, -1);
    assertEquals(-1, RequestHeader.payloadLength(out, 0, true)); // unsigned, beyond any limit
    out.clear();
    RequestHeader.put(out, true, 0, Command.WRITE, COOKIE, 0, 512);
    assertEquals(0, RequestHeader.payloadLength(out, 0, true));
  }

  @Test
  void commandsTakeTheirOwnFlags() {
    assertEquals(CommandFlags.FUA | CommandFlags.DF, CommandFlags.allowed(Command.READ, false));
    assertEquals(0, CommandFlags.allowed(Command.WRITE, false) & CommandFlags.PAYLOAD_LEN);
    assertTrue((CommandFlags.allowed(Command.WRITE, true) & CommandFlags.PAYLOAD_LEN) != 0);
    assertTrue((CommandFlags.allowed(Command.BLOCK_STATUS, false) & CommandFlags.REQ_ONE) != 0);
    assertEquals(CommandFlags.FUA, CommandFlags.allowed(Command.TRIM, true));
  }

  @Test
  void simpleRepliesHave16Bytes() {
    SimpleReply.put(out, NbdError.ENOSPC, COOKIE);
    assertEquals("67446698" + "0000001c" + COOKIE_HEX, written());
    assertEquals(SimpleReply.MAGIC, out.getInt(0));
    assertEquals(NbdError.ENOSPC, SimpleReply.error(out, 0));
    assertEquals(COOKIE, SimpleReply.cookie(out, 0));
    assertEquals(16, HeaderStyle.SIMPLE.replySize());
  }

  @Test
  void structuredChunksHave20Bytes() {
    ReplyChunk.putData(out, false, ReplyChunk.DONE, COOKIE, 0, 4096, 512);
    assertEquals(
        "668e33ef" + "0001" + "0001" + COOKIE_HEX + "00000208" + "0000000000001000", written());
    assertEquals(ReplyChunk.DONE, ReplyChunk.flags(out, 0));
    assertEquals(ReplyChunk.OFFSET_DATA, ReplyChunk.type(out, 0));
    assertEquals(COOKIE, ReplyChunk.cookie(out, 0));
    assertEquals(520, ReplyChunk.length(out, 0, false));
    assertEquals(20, HeaderStyle.STRUCTURED.replySize());
  }

  @Test
  void extendedChunksHave32BytesAndRepeatTheRequestsOffset() {
    ReplyChunk.putHole(out, true, 0, COOKIE, 4096, 8192, 65536);
    assertEquals(
        "6e8a278c"
            + "0000"
            + "0002"
            + COOKIE_HEX
            + "0000000000001000"
            + "000000000000000c"
            + "0000000000002000"
            + "00010000",
        written());
    assertEquals(4096, ReplyChunk.requestOffset(out, 0));
    assertEquals(12, ReplyChunk.length(out, 0, true));
    assertEquals(32, HeaderStyle.EXTENDED.replySize());
  }

  @Test
  void statusChunksNameTheirContext() {
    ReplyChunk.putStatus(out, false, ReplyChunk.DONE, COOKIE, 0, 7, 2);
    BlockDescriptor.put(out, false, 0xffff_fe00L, BlockDescriptor.HOLE | BlockDescriptor.ZERO);
    BlockDescriptor.put(out, false, 512, 0);
    assertEquals(
        "668e33ef"
            + "0001"
            + "0005"
            + COOKIE_HEX
            + "00000014"
            + "00000007"
            + "fffffe0000000003"
            + "0000020000000000",
        written());
    assertEquals(0xffff_fe00L, BlockDescriptor.length(out, 24, false));
    assertEquals(3, BlockDescriptor.status(out, 24, false));
    assertEquals(512, BlockDescriptor.length(out, 32, false));
  }

  @Test
  void extendedStatusChunksCountTheirDescriptors() {
    ReplyChunk.putStatus(out, true, ReplyChunk.DONE, COOKIE, 512, 7, 1);
    BlockDescriptor.put(out, true, 1L << 33, 0x1_0000_0000L);
    assertEquals(
        "6e8a278c"
            + "0001"
            + "0006"
            + COOKIE_HEX
            + "0000000000000200"
            + "0000000000000018"
            + "00000007"
            + "00000001"
            + "0000000200000000"
            + "0000000100000000",
        written());
    assertEquals(1L << 33, BlockDescriptor.length(out, 40, true));
    assertEquals(0x1_0000_0000L, BlockDescriptor.status(out, 40, true));
  }

  @Test
  void errorChunksCarryWordsAndPerhapsAPlace() throws BlockException {
    ErrorChunk.put(out, false, ReplyChunk.DONE, COOKIE, 0, NbdError.EIO, "bad");
    assertEquals(
        "668e33ef" + "0001" + "8001" + COOKIE_HEX + "00000009" + "00000005" + "0003" + "626164",
        written());
    assertTrue(ReplyChunk.isError(ReplyChunk.type(out, 0)));
    assertEquals(new ErrorChunk(5, "bad", -1), ErrorChunk.decode(ReplyChunk.ERROR, payload(20)));
    out.clear();
    ErrorChunk.putAt(out, true, 0, COOKIE, 0, NbdError.EIO, "", 1024);
    assertEquals(
        "6e8a278c"
            + "0000"
            + "8002"
            + COOKIE_HEX
            + "0000000000000000"
            + "000000000000000e"
            + "00000005"
            + "0000"
            + "0000000000000400",
        written());
    assertEquals(
        new ErrorChunk(5, "", 1024), ErrorChunk.decode(ReplyChunk.ERROR_OFFSET, payload(32)));
  }

  @Test
  void errorMessagesAreCutAndFitTheRoomTheyAreSaidToNeed() {
    ErrorChunk.putAt(out, true, 0, COOKIE, 0, NbdError.EIO, "é".repeat(5000), 1);
    assertEquals(ErrorChunk.maxSize(), out.position());
  }

  @Test
  void errorChunksThatDoNotFitAreRefused() {
    assertBadError(ReplyChunk.ERROR, "00000005" + "00");
    assertBadError(ReplyChunk.ERROR, "00000000" + "0000");
    assertBadError(ReplyChunk.ERROR, "00000005" + "0002" + "61");
    assertBadError(ReplyChunk.ERROR, "00000005" + "1001" + "61".repeat(4097));
    assertBadError(ReplyChunk.ERROR_OFFSET, "00000005" + "0000" + "00000000000000");
    assertBadError(ReplyChunk.ERROR_OFFSET, "00000005" + "0001" + "0000000000000000");
  }

  private static void assertBadError(int type, String payload) {
    var e =
        assertThrows(
            BlockException.class,
            () -> ErrorChunk.decode(type, ByteBuffer.wrap(HexFormat.of().parseHex(payload))));
    assertEquals(Errno.EPROTO, e.errno());
  }

  @Test
  void unknownErrorsAreReadAsFarAsTheyAreKnown() throws BlockException {
    byte[] payload = HexFormat.of().parseHex("00000016" + "0001" + "61" + "ffff");
    assertEquals(new ErrorChunk(22, "a", -1), ErrorChunk.decode(0x8003, ByteBuffer.wrap(payload)));
  }

  @Test
  void onlyTheListedErrorsAreSentAndOthersCountAsEinval() {
    assertEquals(NbdError.ENOSPC, NbdError.of(Errno.EDQUOT));
    assertEquals(NbdError.EPERM, NbdError.of(Errno.EROFS));
    assertEquals(NbdError.EIO, NbdError.of(Errno.EUCLEAN));
    assertEquals(Errno.EINVAL, NbdError.errno(2));
    for (Errno errno : Errno.values()) {
      Errno received = NbdError.errno(NbdError.of(errno));
      assertEquals(received, NbdError.errno(NbdError.of(received)));
    }
    assertEquals(Errno.EOPNOTSUPP, NbdError.errno(NbdError.of(Errno.EOPNOTSUPP)));
    assertEquals(Errno.ESHUTDOWN, NbdError.errno(NbdError.of(Errno.ESHUTDOWN)));
  }

  private String written() {
    byte[] copy = new byte[out.position()];
    out.get(0, copy);
    return HexFormat.of().formatHex(copy);
  }

  private ByteBuffer payload(int from) {
    return out.slice(from, out.position() - from);
  }
}
