// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The bytes of the handshake, as doc/proto.md of the NBD project lays them out. */
final class HandshakeTest {
  private static final String OPTION_MAGIC = "49484156454f5054";
  private static final String REPLY_MAGIC = "0003e889045565a9";

  @Test
  void newstyleServersGreetWithTwoMagicsAndTheirFlags() throws BlockException {
    ByteBuffer bytes = new Greeting.Newstyle(3).encode();
    assertEquals("4e42444d41474943" + OPTION_MAGIC + "0003", hex(bytes));
    assertEquals(2, Greeting.restSize(bytes));
    assertEquals(new Greeting.Newstyle(3), Greeting.decode(bytes, bytes("0003")));
  }

  @Test
  void oldstyleServersGreetWithTheExport() throws BlockException {
    ByteBuffer bytes = new Greeting.Oldstyle(1 << 20, 1).encode();
    assertEquals(
        "4e42444d414749430000420281861253" + "0000000000100000" + "00000001" + "00".repeat(124),
        hex(bytes));
    assertEquals(136, Greeting.restSize(bytes));
    assertEquals(new Greeting.Oldstyle(1 << 20, 1), Greeting.decode(bytes, bytes.slice(16, 136)));
  }

  @Test
  void whoeverGreetsInAnotherWayIsNoServer() {
    assertThrows(BlockException.class, () -> Greeting.restSize(bytes("00".repeat(16))));
    assertThrows(
        BlockException.class, () -> Greeting.restSize(bytes("4e42444d41474943" + "00".repeat(8))));
  }

  @Test
  void theAnswerToExportNameHasNoHeader() {
    var reply = new ExportReply(0x123456789abcL, 0x0103);
    assertEquals("0000123456789abc0103", hex(reply.encode(false)));
    assertEquals("0000123456789abc0103" + "00".repeat(124), hex(reply.encode(true)));
    assertEquals(reply, ExportReply.decode(reply.encode(true)));
  }

  @Test
  void optionsHaveTheDocumentedBytes() {
    assertOption(new NbdOption.ExportName("disk"), "0000000100000004" + "6469736b");
    assertOption(new NbdOption.Abort(), "0000000200000000");
    assertOption(new NbdOption.ListExports(), "0000000300000000");
    assertOption(new NbdOption.StartTls(), "0000000500000000");
    assertOption(
        new NbdOption.Info("a", List.of(3)), "0000000600000009" + "0000000161" + "0001" + "0003");
    assertOption(
        new NbdOption.Go("", List.of(1, 2)), "000000070000000a" + "00000000" + "000200010002");
    assertOption(new NbdOption.StructuredReply(), "0000000800000000");
    assertOption(
        new NbdOption.ListMetaContext("é", List.of()),
        "000000090000000a" + "00000002c3a9" + "00000000");
    assertOption(
        new NbdOption.SetMetaContext("", List.of("base:", "x")),
        "0000000a00000016" + "00000000" + "00000002" + "00000005626173653a" + "0000000178");
    assertOption(new NbdOption.ExtendedHeaders(), "0000000b00000000");
    assertEquals(new NbdOption.Unknown(99), NbdOption.decode(99, bytes("0102")));
  }

  private static void assertOption(NbdOption option, String expected) {
    ByteBuffer bytes = option.encode();
    assertEquals(OPTION_MAGIC + expected, hex(bytes));
    OptionHeader header = OptionHeader.decode(bytes);
    assertNotNull(header);
    assertEquals(bytes.remaining() - OptionHeader.SIZE, header.length());
    assertEquals(option, NbdOption.decode(header.code(), bytes.position(OptionHeader.SIZE)));
  }

  @Test
  void anOptionWithoutItsMagicIsNone() {
    assertNull(OptionHeader.decode(bytes("49484156454f5055" + "00".repeat(8))));
  }

  @Test
  void optionLengthsAreUnsigned() {
    OptionHeader header = OptionHeader.decode(bytes(OPTION_MAGIC + "00000003" + "ffffffff"));
    assertNotNull(header);
    assertEquals(0xffff_ffffL, header.length());
  }

  @Test
  void namesBeyond4096BytesAreTooBig() {
    String length = "00001001";
    String name = "61".repeat(4097);
    assertMalformed(OptionError.TOO_BIG, NbdOption.EXPORT_NAME, name);
    assertMalformed(OptionError.TOO_BIG, NbdOption.GO, length + name + "0000");
    assertMalformed(OptionError.TOO_BIG, NbdOption.SET_META_CONTEXT, length + name + "00000000");
    assertMalformed(OptionError.TOO_BIG, NbdOption.GO, "ffffffff" + "0000");
    assertMalformed(OptionError.TOO_BIG, NbdOption.INFO, "7fffffff" + "0000");
  }

  @Test
  void lengthsInsideAnOptionStayInsideIt() {
    assertMalformed(OptionError.INVALID, NbdOption.GO, "");
    assertMalformed(
        OptionError.INVALID, NbdOption.GO, "00000001" + "0000"); // no room for the count
    assertMalformed(OptionError.INVALID, NbdOption.GO, "00000003" + "6161");
    assertMalformed(OptionError.INVALID, NbdOption.GO, "00000000" + "0002" + "0001");
    assertMalformed(OptionError.INVALID, NbdOption.GO, "00000000" + "0000" + "0001");
    assertMalformed(OptionError.INVALID, NbdOption.SET_META_CONTEXT, "00000000" + "00000001");
    assertMalformed(OptionError.INVALID, NbdOption.SET_META_CONTEXT, "00000000" + "ffffffff");
    assertMalformed(
        OptionError.INVALID,
        NbdOption.SET_META_CONTEXT,
        "00000000" + "00000001" + "00000005" + "61");
    assertMalformed(
        OptionError.INVALID, NbdOption.LIST_META_CONTEXT, "00000000" + "00000000" + "61");
  }

  @Test
  void optionsWithoutDataRefuseSomeButAbortDoesNot() {
    assertMalformed(OptionError.INVALID, NbdOption.LIST, "00");
    assertMalformed(OptionError.INVALID, NbdOption.STARTTLS, "00");
    assertMalformed(OptionError.INVALID, NbdOption.STRUCTURED_REPLY, "00");
    assertMalformed(OptionError.INVALID, NbdOption.EXTENDED_HEADERS, "00");
    assertEquals(new NbdOption.Abort(), NbdOption.decode(NbdOption.ABORT, bytes("00")));
  }

  @Test
  void stringsHaveNoNuls() {
    assertMalformed(OptionError.INVALID, NbdOption.EXPORT_NAME, "610062");
  }

  private static void assertMalformed(OptionError error, int code, String data) {
    var option = assertInstanceOf(NbdOption.Malformed.class, NbdOption.decode(code, bytes(data)));
    assertEquals(error, option.error());
    assertEquals(code, option.code());
  }

  @Test
  void repliesHaveTheDocumentedBytes() throws BlockException {
    assertReply(new NbdOptionReply.Ack(), "00000001" + "00000000");
    assertReply(
        new NbdOptionReply.Server("a", "bc"), "00000002" + "00000007" + "0000000161" + "6263");
    assertReply(
        new NbdOptionReply.Info(new InfoItem.Export(1 << 16, 0x0401)),
        "00000003" + "0000000c" + "0000" + "0000000000010000" + "0401");
    assertReply(
        new NbdOptionReply.Info(new InfoItem.Name("n")), "00000003" + "00000003" + "0001" + "6e");
    assertReply(
        new NbdOptionReply.Info(new InfoItem.Description("")), "00000003" + "00000002" + "0002");
    assertReply(
        new NbdOptionReply.Info(new InfoItem.BlockSize(1, 4096, 0x2000000)),
        "00000003" + "0000000e" + "0003" + "00000001" + "00001000" + "02000000");
    assertReply(
        new NbdOptionReply.Context(new MetaContext(7, "base:allocation")),
        "00000004" + "00000013" + "00000007" + "626173653a616c6c6f636174696f6e");
    assertReply(
        NbdOptionReply.Refusal.of(OptionError.UNKNOWN, "no"), "80000006" + "00000002" + "6e6f");
    assertReply(NbdOptionReply.Refusal.of(OptionError.TOO_BIG, ""), "80000009" + "00000000");
  }

  private static void assertReply(NbdOptionReply reply, String expected) throws BlockException {
    ByteBuffer bytes = reply.encode(NbdOption.GO);
    assertEquals(REPLY_MAGIC + "00000007" + expected, hex(bytes));
    OptionReplyHeader header = OptionReplyHeader.decode(bytes);
    assertEquals(NbdOption.GO, header.option());
    assertEquals(bytes.remaining() - OptionReplyHeader.SIZE, header.length());
    assertEquals(
        reply, NbdOptionReply.decode(header.type(), bytes.position(OptionReplyHeader.SIZE)));
  }

  @Test
  void replyHeadersAreBounded() {
    String option = "00000007" + "00000003";
    assertProtocolError(() -> OptionReplyHeader.decode(bytes("00".repeat(20))));
    assertProtocolError(() -> OptionReplyHeader.decode(bytes(REPLY_MAGIC + option + "00004001")));
    assertProtocolError(() -> OptionReplyHeader.decode(bytes(REPLY_MAGIC + option + "ffffffff")));
  }

  @Test
  void repliesThatDoNotFitAreRefused() throws BlockException {
    assertProtocolError(() -> NbdOptionReply.decode(NbdOptionReply.ACK, bytes("00")));
    assertProtocolError(() -> NbdOptionReply.decode(NbdOptionReply.SERVER, bytes("000000")));
    assertProtocolError(
        () -> NbdOptionReply.decode(NbdOptionReply.SERVER, bytes("0000000161".substring(0, 8))));
    assertProtocolError(() -> NbdOptionReply.decode(NbdOptionReply.SERVER, bytes("ffffffff61")));
    assertProtocolError(() -> NbdOptionReply.decode(NbdOptionReply.INFO, bytes("00")));
    assertProtocolError(
        () -> NbdOptionReply.decode(NbdOptionReply.INFO, bytes("0000" + "00".repeat(9))));
    assertProtocolError(
        () -> NbdOptionReply.decode(NbdOptionReply.INFO, bytes("0003" + "00".repeat(13))));
    assertProtocolError(
        () -> NbdOptionReply.decode(NbdOptionReply.META_CONTEXT, bytes("00000001")));
    assertEquals(new NbdOptionReply.Unknown(5), NbdOptionReply.decode(5, bytes("00")));
    assertEquals(
        new NbdOptionReply.Info(new InfoItem.Unknown(9)),
        NbdOptionReply.decode(NbdOptionReply.INFO, bytes("0009ffff")));
  }

  private interface Decoding {
    Object run() throws BlockException;
  }

  private static void assertProtocolError(Decoding decoding) {
    assertEquals(Errno.EPROTO, assertThrows(BlockException.class, decoding::run).errno());
  }

  @Test
  void messagesAreCutToWhatAStringMayBe() throws BlockException {
    ByteBuffer bytes =
        NbdOptionReply.Refusal.of(OptionError.INVALID, "x" + "é".repeat(4096)).encode(1);
    assertEquals(4095, OptionReplyHeader.decode(bytes).length());
  }

  @Test
  void blockSizesFollowTheRules() throws BlockException {
    new InfoItem.BlockSize(1, 512, 0x2000000).check();
    new InfoItem.BlockSize(65536, 65536, -1).check();
    for (var wrong :
        List.of(
            new InfoItem.BlockSize(0, 512, 512),
            new InfoItem.BlockSize(3, 512, 512),
            new InfoItem.BlockSize(131072, 131072, 131072),
            new InfoItem.BlockSize(1 << 31, 512, 512),
            new InfoItem.BlockSize(512, 256, 512),
            new InfoItem.BlockSize(512, 768, 4096),
            new InfoItem.BlockSize(4096, 4096, 512))) {
      assertThrows(BlockException.class, wrong::check, wrong::toString);
    }
  }

  @Test
  void aNamespaceFindsItsContextsOnlyWhenTheyAreListed() {
    assertTrue(MetaContext.matches("base:", "base:allocation", true));
    assertTrue(!MetaContext.matches("base:", "base:allocation", false));
    assertTrue(MetaContext.matches("qemu:dirty-bitmap:", "qemu:dirty-bitmap:b0", true));
    assertTrue(MetaContext.matches("qemu:", "qemu:dirty-bitmap:b0", true));
    assertTrue(!MetaContext.matches("qemu:dirty-bitmap:", "qemu:allocation-depth", true));
    assertTrue(!MetaContext.matches("qemu:dirty", "qemu:dirty-bitmap:b0", true));
    assertTrue(MetaContext.matches("qemu:dirty-bitmap:b0", "qemu:dirty-bitmap:b0", false));
  }

  @Test
  void errorsAreKnownByTheirReplyType() {
    for (OptionError error : OptionError.values()) {
      assertTrue(OptionError.isError(error.replyType()));
      assertEquals(error, OptionError.of(error.replyType()));
    }
    assertEquals(0x80000001, OptionError.UNSUPPORTED.replyType());
    assertEquals(0x8000000a, OptionError.EXTENDED_HEADERS_REQUIRED.replyType());
    assertNull(OptionError.of(0x8000000b));
    assertTrue(!OptionError.isError(NbdOptionReply.ACK));
  }

  /** Whatever the bytes: an option, or one that is malformed; a reply, or EPROTO. */
  @Test
  void anyBytesAreDecodedOrRefused() {
    var random = new SplittableRandom(20);
    for (int i = 0; i < 100_000; i++) {
      byte[] data = new byte[random.nextInt(40)];
      random.nextBytes(data);
      for (int j = 0; j < data.length; j++) {
        if (random.nextInt(3) > 0) {
          data[j] = (byte) random.nextInt(4);
        }
      }
      NbdOption option = NbdOption.decode(random.nextInt(13), ByteBuffer.wrap(data));
      assertNotNull(option.toString());
      try {
        assertNotNull(NbdOptionReply.decode(random.nextInt(6), ByteBuffer.wrap(data)).toString());
        assertNotNull(ErrorChunk.decode(ReplyChunk.ERROR_OFFSET, ByteBuffer.wrap(data)));
      } catch (BlockException e) {
        assertEquals(Errno.EPROTO, e.errno());
      }
    }
  }

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  private static String hex(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return HexFormat.of().formatHex(copy);
  }
}
