// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Disk;
import dev.strata.block.Errno;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.ErrorChunk;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.NbdError;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.ReplyChunk;
import dev.strata.block.nbd.protocol.SimpleReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers that lie, each in one way: the client neither hangs, nor grows, nor reads what is wrong.
 * The words are those of the reference (observed: 7.2).
 */
@Timeout(60)
final class HostileServerTest {
  private static final String INIT = "4e42444d41474943";

  @TempDir private Path folder;

  private Path socket() {
    return folder.resolve("s");
  }

  private Disk open() throws BlockException {
    return Disk.open(
        List.of(new NbdFactory()),
        NodeFlags.READ_ONLY,
        "driver",
        "nbd",
        "path",
        socket().toString(),
        "export",
        "e");
  }

  // Handshake

  @Test
  void greetingsThatAreNone() throws IOException {
    String end = ": Unexpected end-of-file before all data were read";
    assertGreeting("Failed to read initial magic" + end, "");
    assertGreeting("Failed to read initial magic" + end, "4e42");
    assertGreeting("Bad initial magic received: 0x5858585858585858", "58".repeat(8));
    assertGreeting("Failed to read server magic" + end, INIT + "49");
    assertGreeting("Bad server magic received: 0x0000000000000001", INIT + "0000000000000001");
    assertGreeting("Failed to read server flags" + end, INIT + "49484156454f5054" + "00");
    assertGreeting(
        "Server does not support non-empty export names", INIT + "0000420281861253" + "00");
  }

  private void assertGreeting(String words, String hex) throws IOException {
    try (var _ = ScriptedServer.greeting(socket(), HexFormat.of().parseHex(hex))) {
      assertEquals(words, assertThrows(BlockException.class, this::open).getMessage());
    }
  }

  @Test
  void exportsOfMoreThan2To63BytesAreRefused() throws IOException {
    assertGo(
        "export size 9223372036854775808 is larger than 2^63 - 1",
        new NbdOptionReply.Info(new InfoItem.Export(1L << 63, 1)),
        new NbdOptionReply.Ack());
  }

  @Test
  void successWithoutTheExport() throws IOException {
    assertGo("broken server omitted NBD_INFO_EXPORT", new NbdOptionReply.Ack());
  }

  @Test
  void blockSizesThatAreNone() throws IOException {
    assertGo(
        "server minimum block size 3 is not a power of two",
        new NbdOptionReply.Info(new InfoItem.BlockSize(3, 512, 1024)));
    assertGo(
        "server preferred block size 256 is not valid",
        new NbdOptionReply.Info(new InfoItem.BlockSize(512, 256, 1024)));
    assertGo(
        "server maximum block size 512 is not valid",
        new NbdOptionReply.Info(new InfoItem.BlockSize(4096, 4096, 512)));
  }

  @Test
  void refusalsAreToldInTheServersWordsWithoutItsControlCharacters() throws IOException {
    BlockException e =
        assertGo(
            "Requested export not available",
            NbdOptionReply.Refusal.of(OptionError.UNKNOWN, "no \033[2J"));
    assertEquals("server reported: no \\x1b[2J", e.hint());
    e =
        assertGo(
            "TLS negotiation required before option 7 (go)",
            NbdOptionReply.Refusal.of(OptionError.TLS_REQUIRED, ""));
    assertEquals("Did you forget a valid tls-creds?", e.hint());
  }

  @Test
  void repliesToWhatWasNotAsked() throws IOException {
    assertGo(
        "unexpected reply type 2 (server), expected 3 (info)", new NbdOptionReply.Server("a", ""));
    assertOption(
        "Unexpected option type 9 (list meta context), expected 7 (go)",
        NbdOption.GO,
        bytes(new NbdOptionReply.Ack().encode(9)));
    assertOption("Unexpected option reply magic", NbdOption.GO, new byte[20]);
  }

  @Test
  void infoWithoutEnd() throws IOException {
    byte[] one = bytes(new NbdOptionReply.Info(new InfoItem.Description("")).encode(NbdOption.GO));
    byte[] many = new byte[one.length * 65536];
    for (int i = 0; i < many.length; i += one.length) {
      System.arraycopy(one, 0, many, i, one.length);
    }
    assertOption("server does not come to an end with option 7 (go)", NbdOption.GO, many);
  }

  private BlockException assertGo(String words, NbdOptionReply... replies) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(65536);
    for (NbdOptionReply reply : replies) {
      all.put(reply.encode(NbdOption.GO));
    }
    return assertOption(words, NbdOption.GO, bytes(all.flip()));
  }

  private BlockException assertOption(String words, int option, byte[] answer) throws IOException {
    try (var _ = ScriptedServer.option(socket(), option, answer)) {
      BlockException e = assertThrows(BlockException.class, this::open);
      assertEquals(words, e.getMessage());
      return e;
    }
  }

  @Test
  void contextsThatWereNotAskedFor() throws IOException {
    var other = new NbdOptionReply.Context(new MetaContext(1, "base:other"));
    assertOption(
        "Failed to negotiate meta context 'base:allocation', server answered with different context"
            + " 'base:other'",
        NbdOption.SET_META_CONTEXT,
        bytes(other.encode(NbdOption.SET_META_CONTEXT)));
    byte[] one =
        bytes(
            new NbdOptionReply.Context(new MetaContext(1, "base:allocation"))
                .encode(NbdOption.SET_META_CONTEXT));
    byte[] two = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    assertOption("Server answered with more than one context", NbdOption.SET_META_CONTEXT, two);
  }

  // Reads

  private static final int LENGTH = 4096;

  @Test
  void readsThatSucceedAreWhole() throws IOException {
    assertRead(null, (r, out) -> data(r, out, ReplyChunk.DONE, 0, LENGTH));
    assertRead(
        null,
        (r, out) -> {
          data(r, out, 0, 2048, 2048);
          data(r, out, 0, 0, 2048);
          none(r, out);
        });
    assertRead(Errno.EIO, ReplyChunkBytes::none); // no data at all
    assertRead(Errno.EIO, (r, out) -> data(r, out, ReplyChunk.DONE, 0, LENGTH - 1));
  }

  @Test
  void contentOutsideTheRequest() throws IOException {
    assertRead(Errno.EINVAL, (r, out) -> data(r, out, ReplyChunk.DONE, 1, LENGTH));
    assertRead(Errno.EINVAL, (r, out) -> data(r, out, ReplyChunk.DONE, -1, 2));
    assertRead(Errno.EINVAL, (r, out) -> data(r, out, ReplyChunk.DONE, Long.MAX_VALUE, 2));
    assertRead(
        Errno.EINVAL,
        (r, out) -> ReplyChunk.putHole(out, false, 1, r.cookie(), 0, r.offset() + 1, LENGTH));
    assertRead(
        Errno.EINVAL, (r, out) -> ReplyChunk.putHole(out, false, 1, r.cookie(), 0, r.offset(), -1));
    assertRead(
        Errno.EINVAL, (r, out) -> ReplyChunk.putHole(out, false, 1, r.cookie(), 0, r.offset(), 0));
  }

  @Test
  void contentThatComesTwice() throws IOException {
    assertRead(
        Errno.EINVAL,
        (r, out) -> {
          data(r, out, 0, 0, LENGTH);
          ReplyChunk.putHole(out, false, 1, r.cookie(), 0, r.offset(), LENGTH);
        });
  }

  @Test
  void lengthsBeyondTheRequestAreNotWaitedFor() throws IOException {
    assertRead(
        Errno.EINVAL,
        (r, out) -> ReplyChunk.put(out, false, 1, ReplyChunk.OFFSET_DATA, r.cookie(), 0, -1));
    assertRead(
        Errno.EINVAL,
        (r, out) -> ReplyChunk.put(out, false, 1, ReplyChunk.ERROR, r.cookie(), 0, 1 << 30));
    assertRead(
        Errno.EINVAL, (r, out) -> ReplyChunk.put(out, false, 1, ReplyChunk.NONE, r.cookie(), 0, 9));
  }

  @Test
  void repliesOfAnotherKind() throws IOException {
    assertRead(Errno.EINVAL, (r, out) -> SimpleReply.put(out, 0, r.cookie()));
    assertRead(Errno.EINVAL, (r, out) -> ReplyChunk.put(out, false, 1, 77, r.cookie(), 0, 0));
    assertRead(Errno.EINVAL, (r, out) -> status(r, out, ScriptedServer.CONTEXT, LENGTH, 0));
    assertRead(Errno.EIO, (r, out) -> out.put(new byte[32])); // no magic
    assertRead(
        Errno.EIO,
        (r, out) -> ReplyChunk.put(out, false, 1, ReplyChunk.NONE, r.cookie() + 1, 0, 0));
    assertRead(
        Errno.EIO,
        (r, out) -> ReplyChunk.put(out, false, 1, ReplyChunk.NONE, r.cookie() + (1L << 32), 0, 0));
  }

  @Test
  void errorsAreTheRequestsAlone() throws IOException {
    assertRead(Errno.ENOSPC, (r, out) -> error(r, out, NbdError.ENOSPC));
    assertRead(Errno.EINVAL, (r, out) -> error(r, out, 99));
    assertRead(
        Errno.EIO,
        (r, out) -> {
          data(r, out, 0, 0, LENGTH);
          ErrorChunk.putAt(out, false, 1, r.cookie(), 0, NbdError.EIO, "", r.offset() + 3);
        });
    assertRead(
        Errno.EINVAL,
        (r, out) ->
            ErrorChunk.putAt(out, false, 1, r.cookie(), 0, NbdError.EIO, "", r.offset() - 1));
  }

  /** CVE-2022-0485: a read that failed is not taken for its bytes. */
  private void assertRead(
      @Nullable Errno expected, BiConsumer<ScriptedServer.Request, ByteBuffer> reply)
      throws IOException {
    try (var _ = ScriptedServer.answering(socket(), answer(Command.READ, reply));
        Disk disk = open()) {
      if (expected == null) {
        assertArrayEquals(Disk.filled(LENGTH, 'a'), disk.read(8192, LENGTH));
      } else {
        var e = assertThrows(BlockException.class, () -> disk.read(8192, LENGTH));
        assertEquals(expected, e.errno());
      }
    }
  }

  private static ScriptedServer.Answers answer(
      int command, BiConsumer<ScriptedServer.Request, ByteBuffer> reply) {
    return (request, connection) -> {
      if (request.command() != command) {
        return ScriptedServer.Answer.HANG_UP;
      }
      ByteBuffer out = ByteBuffer.allocate(65536);
      reply.accept(request, out);
      return new ScriptedServer.Answer(bytes(out.flip()), false);
    };
  }

  private static void data(
      ScriptedServer.Request r, ByteBuffer out, int flags, long start, int length) {
    long offset = r.offset() + start;
    ReplyChunk.putData(out, r.extended(), flags, r.cookie(), r.offset(), offset, length);
    out.put(Disk.filled(length, 'a'));
  }

  private static void none(ScriptedServer.Request r, ByteBuffer out) {
    ReplyChunkBytes.none(r, out);
  }

  private static void error(ScriptedServer.Request r, ByteBuffer out, int error) {
    ErrorChunk.put(out, r.extended(), ReplyChunk.DONE, r.cookie(), r.offset(), error, "bad");
  }

  private static void status(
      ScriptedServer.Request r, ByteBuffer out, int context, long length, long value) {
    ReplyChunk.putStatus(out, r.extended(), ReplyChunk.DONE, r.cookie(), r.offset(), context, 1);
    BlockDescriptor.put(out, r.extended(), length, value);
  }

  /** Chunks that are the same whatever the request. */
  private static final class ReplyChunkBytes {
    static void none(ScriptedServer.Request r, ByteBuffer out) {
      ReplyChunk.put(
          out, r.extended(), ReplyChunk.DONE, ReplyChunk.NONE, r.cookie(), r.offset(), 0);
    }
  }

  // Block status

  @Test
  void statusThatIsNone() throws IOException {
    int context = ScriptedServer.CONTEXT;
    assertStatus(null, (r, out) -> status(r, out, context, 512, 3));
    assertStatus(Errno.EINVAL, (r, out) -> status(r, out, context + 1, 512, 3));
    assertStatus(Errno.EINVAL, (r, out) -> status(r, out, context, 0, 3));
    assertStatus(Errno.EIO, ReplyChunkBytes::none);
    assertStatus(Errno.EINVAL, (r, out) -> SimpleReply.put(out, 0, r.cookie()));
    assertStatus(Errno.EINVAL, (r, out) -> data(r, out, ReplyChunk.DONE, 0, 512));
    assertStatus(
        Errno.EINVAL,
        (r, out) -> {
          ReplyChunk.putStatus(out, false, 0, r.cookie(), 0, context, 1);
          BlockDescriptor.put(out, false, 512, 3);
          status(r, out, context, 512, 3);
        });
    assertStatus(
        Errno.EINVAL, (r, out) -> ReplyChunk.putStatus(out, false, 1, r.cookie(), 0, context, 0));
    assertStatus(
        Errno.EINVAL,
        (r, out) -> ReplyChunk.putStatus(out, false, 1, r.cookie(), 0, context, 1 << 28));
  }

  private void assertStatus(
      @Nullable Errno expected, BiConsumer<ScriptedServer.Request, ByteBuffer> reply)
      throws IOException {
    try (var _ = ScriptedServer.answering(socket(), answer(Command.BLOCK_STATUS, reply));
        Disk disk = open()) {
      if (expected == null) {
        var extent = disk.backend().status(0, 4096, StatusDetail.ZEROES);
        assertEquals(512, extent.length());
        assertTrue(extent.zero() && !extent.data());
      } else {
        var e =
            assertThrows(
                BlockException.class, () -> disk.backend().status(0, 4096, StatusDetail.ZEROES));
        assertEquals(expected, e.errno());
      }
    }
  }

  /** CVE-2025-47711: a status as long as its field can say is cut to what was asked. */
  @Test
  void statusIsCutToTheExport() throws IOException {
    long longest = 0xffff_ffffL;
    try (var _ =
            ScriptedServer.answering(
                socket(),
                answer(
                    Command.BLOCK_STATUS,
                    (r, out) -> status(r, out, ScriptedServer.CONTEXT, longest, 0)));
        Disk disk = open()) {
      var extent = disk.backend().status(512, ScriptedServer.SIZE - 512, StatusDetail.ZEROES);
      assertEquals(ScriptedServer.SIZE - 512, extent.length());
    }
  }

  @Test
  void statusOfExtendedHeadersMayBeLongerThan4Gib() throws IOException {
    try (var _ =
            ScriptedServer.answeringExtended(
                socket(),
                answer(
                    Command.BLOCK_STATUS,
                    (r, out) -> status(r, out, ScriptedServer.CONTEXT, 1L << 40, 0)));
        Disk disk = open()) {
      assertEquals(
          ScriptedServer.SIZE,
          disk.backend().status(0, ScriptedServer.SIZE, StatusDetail.ZEROES).length());
    }
    try (var _ =
            ScriptedServer.answeringExtended(
                socket(),
                answer(
                    Command.BLOCK_STATUS,
                    (r, out) -> status(r, out, ScriptedServer.CONTEXT, -1, 0)));
        Disk disk = open()) {
      assertThrows(BlockException.class, () -> disk.backend().status(0, 4096, StatusDetail.ZEROES));
    }
  }

  @Test
  void extendedRepliesNameTheRequestsOffset() throws IOException {
    try (var _ =
            ScriptedServer.answeringExtended(
                socket(), answer(Command.READ, (r, out) -> data(r, out, 1, 0, LENGTH)));
        Disk disk = open()) {
      assertArrayEquals(Disk.filled(LENGTH, 'a'), disk.read(8192, LENGTH));
    }
    try (var _ =
            ScriptedServer.answeringExtended(
                socket(),
                answer(
                    Command.READ,
                    (r, out) -> ReplyChunk.putHole(out, true, 1, r.cookie(), 0, 8192, LENGTH)));
        Disk disk = open()) {
      var e = assertThrows(BlockException.class, () -> disk.read(8192, LENGTH));
      assertEquals(Errno.EINVAL, e.errno());
    }
  }

  // Connections

  @Test
  void aServerThatBrokeTheRulesIsNotAskedAgain() throws IOException {
    try (var server =
            ScriptedServer.answering(
                socket(), answer(Command.READ, (r, out) -> out.put(new byte[32])));
        Disk disk = open()) {
      assertThrows(BlockException.class, () -> disk.read(0, LENGTH));
      var e = assertThrows(BlockException.class, () -> disk.read(0, LENGTH));
      assertEquals(Errno.EIO, e.errno());
      assertEquals(1, server.connections());
    }
  }

  /** Whoever of the two reads the replies: the one that is lied to has to hear of it, too. */
  @Test
  void whatBreaksTheRulesForOneRequestEndsThemAll() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (var _ =
              ScriptedServer.answering(
                  socket(),
                  new ScriptedServer.Answers() {
                    private boolean waits = true;

                    @Override
                    public ScriptedServer.Answer to(ScriptedServer.Request r, int connection) {
                      ByteBuffer out = ByteBuffer.allocate(64);
                      if (!waits) {
                        ReplyChunk.put(out, false, 1, 77, r.cookie(), 0, 0);
                      }
                      waits = false;
                      return new ScriptedServer.Answer(bytes(out.flip()), false);
                    }
                  });
          Disk disk = open();
          var threads = Executors.newFixedThreadPool(2)) {
        Callable<byte[]> read = () -> disk.read(0, LENGTH);
        for (Future<byte[]> each : threads.invokeAll(List.of(read, read))) {
          var e = assertThrows(ExecutionException.class, each::get);
          assertInstanceOf(BlockException.class, e.getCause());
        }
      }
    }
  }

  @Test
  void aLostConnectionIsMadeAgainAndItsRequestsRepeated() throws IOException {
    ScriptedServer.Answers second = answer(Command.READ, (r, out) -> data(r, out, 1, 0, LENGTH));
    try (var server =
            ScriptedServer.answering(
                socket(),
                (request, connection) ->
                    connection == 0
                        ? ScriptedServer.Answer.HANG_UP
                        : second.to(request, connection));
        Disk disk =
            Disk.open(
                List.of(new NbdFactory()),
                NodeFlags.READ_ONLY,
                "driver",
                "nbd",
                "path",
                socket().toString(),
                "reconnect-delay",
                "30")) {
      assertArrayEquals(Disk.filled(LENGTH, 'a'), disk.read(0, LENGTH));
      assertEquals(2, server.connections());
    }
  }

  @Test
  void withoutADelayRequestsOfALostConnectionFail() throws IOException {
    try (var _ =
            ScriptedServer.answering(
                socket(), (request, connection) -> ScriptedServer.Answer.HANG_UP);
        Disk disk = open()) {
      var e = assertThrows(BlockException.class, () -> disk.read(0, LENGTH));
      assertEquals(Errno.EIO, e.errno());
    }
  }

  @Test
  void openingIsTriedAgainForAsLongAsTheTimeoutSays() {
    long start = System.nanoTime();
    assertThrows(
        BlockException.class,
        () ->
            Disk.open(
                List.of(new NbdFactory()),
                NodeFlags.READ_ONLY,
                "driver",
                "nbd",
                "path",
                socket().toString(),
                "open-timeout",
                "1"));
    assertTrue(System.nanoTime() - start >= Duration.ofSeconds(1).toNanos());
  }

  /** Whatever bytes come for replies: an answer in time, and no bytes that were not sent. */
  @Test
  void anyReplyIsAnsweredInTime() throws IOException {
    var random = new SplittableRandom(26);
    for (int i = 0; i < 3000; i++) {
      SplittableRandom own = random.split();
      boolean extended = own.nextBoolean();
      ScriptedServer.Answers answers = (request, connection) -> mutated(request, own);
      try (var _ =
              extended
                  ? ScriptedServer.answeringExtended(socket(), answers)
                  : ScriptedServer.answering(socket(), answers);
          Disk disk = open()) {
        Assertions.assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () -> {
              for (int j = 0; j < 4; j++) {
                assertFuzzed(disk, own.nextBoolean());
              }
            });
      }
    }
  }

  private static void assertFuzzed(Disk disk, boolean reads) {
    try {
      if (reads) {
        for (byte b : disk.read(512, 1024)) {
          assertTrue(b == 'a' || b == 0 || b == 0x5a, "what was never sent");
        }
      } else {
        long length = disk.backend().status(512, 2048, StatusDetail.ZEROES).length();
        assertTrue(length >= 1 && length <= 2048);
      }
    } catch (BlockException e) {
      assertTrue(List.of(Errno.EIO, Errno.EINVAL, Errno.ENOSPC).contains(e.errno()));
    }
  }

  /** A reply with some of its headers' bytes changed; the connection ends behind those. */
  private static ScriptedServer.Answer mutated(ScriptedServer.Request r, SplittableRandom random) {
    ByteBuffer out = ByteBuffer.allocate(16384);
    int chunks = 1 + random.nextInt(3);
    boolean changed = false;
    for (int i = 0; i < chunks; i++) {
      int done = i == chunks - 1 ? ReplyChunk.DONE : 0;
      int start = out.position();
      switch (random.nextInt(5)) {
        case 0 -> data(r, out, done, 512L * random.nextInt(2), 512 + 512 * random.nextInt(2));
        case 1 ->
            ReplyChunk.putHole(out, r.extended(), done, r.cookie(), r.offset(), r.offset(), 512);
        case 2 -> error(r, out, NbdError.ENOSPC);
        case 3 -> status(r, out, ScriptedServer.CONTEXT, 512, random.nextInt(4));
        default -> none(r, out);
      }
      int header = ReplyChunk.headerSize(r.extended());
      for (int m = random.nextInt(3); m > 0; m--) {
        changed = true;
        out.put(start + random.nextInt(header), (byte) (random.nextInt(8) - 1));
      }
    }
    return new ScriptedServer.Answer(bytes(out.flip()), changed);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.get(copy);
    return copy;
  }
}
