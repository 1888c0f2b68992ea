// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.NbdError;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionReplyHeader;
import dev.strata.block.nbd.protocol.ReplyChunk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * An input for each weakness that servers of this protocol have had: whoever sends it is refused or
 * hung up on, and the next client is served at once.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Isolated
final class NbdServerWeaknessesTest {
  /** More than 2^32, so that a status can be. */
  private static final long SIZE = 8L << 30;

  private static final int ACK = 1;
  private static final int INVALID = OptionError.INVALID.replyType();
  private static final int UNKNOWN = OptionError.UNKNOWN.replyType();
  private static final int TOO_BIG = OptionError.TOO_BIG.replyType();

  @TempDir private Path folder;
  private Server server;

  @BeforeEach
  void serve() throws IOException, InterruptedException {
    new Commands(folder).succeed(Commands.OURS, "--version"); // which may have to build first
    try (var disk = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
      disk.setLength(SIZE);
      disk.write(new byte[] {1, 2, 3, 4});
    }
    server = Server.start(folder, Commands.OURS, "-t", "-e", "0", "-f", "raw", "disk");
  }

  /** The next client is served as if nothing had been; then the server ends in order. */
  @AfterEach
  void stillServes() throws IOException, InterruptedException {
    if (server.process().isAlive()) {
      assertServed();
      server.close();
      assertEquals(0, server.process().exitValue(), this::log);
    }
    assertFalse(Files.exists(server.socket()));
    assertFalse(log().contains("Exception"), this::log);
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("server.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void assertServed() throws IOException {
    long start = System.nanoTime();
    try (RawClient client = RawClient.chosen(server.socket())) {
      client.request(0, Command.READ, 1, 0, 4);
      assertEquals(0, client.error(1));
      assertArrayEquals(new byte[] {1, 2, 3, 4}, client.receive(4).array());
    }
    assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(2));
  }

  private RawClient greeted() throws IOException {
    return RawClient.greeted(server.socket());
  }

  private static ByteBuffer data(int length) {
    return ByteBuffer.allocate(length).position(length);
  }

  @Test
  @DisplayName("CVE-2005-3534: a request longer than the buffer for it")
  void v26() throws IOException {
    try (RawClient client = RawClient.chosen(server.socket())) {
      for (long length : new long[] {0xffff_ffffL, 1L << 31, (32 << 20) + 1}) {
        client.request(0, Command.READ, length, 0, length);
        assertEquals(NbdError.EINVAL, client.error(length));
      }
      client.request(0, Command.WRITE, 1, 0, (32 << 20) + 1);
      client.send(data((32 << 20) + 1));
      assertEquals(NbdError.EINVAL, client.error(1)); // all of it was passed over
      client.request(0, Command.WRITE, 2, 0, 0xffff_ffffL);
      assertThrows(IOException.class, () -> client.error(2));
    }
  }

  /** What a client that behaves says, up to its first request. */
  private static byte[] conversation() {
    var all = ByteBuffer.allocate(1024);
    all.putInt(HandshakeFlags.KNOWN);
    all.put(new NbdOption.StructuredReply().encode());
    all.put(new NbdOption.SetMetaContext("", List.of("base:allocation")).encode());
    all.put(new NbdOption.Go("", List.of(1, 3)).encode());
    all.putInt(0x25609513).putShort((short) 0).putShort((short) Command.WRITE).putLong(1);
    all.putLong(SIZE - 16).putInt(16).put(new byte[16]);
    return Arrays.copyOf(all.array(), all.position());
  }

  @Test
  @DisplayName("CVE-2011-1925, CVE-2013-7441: a negotiation that stops keeps others out")
  void v27() throws IOException {
    byte[] said = conversation();
    var stopped = new ArrayList<RawClient>();
    try {
      for (int length = 0; length < said.length; length += 2) {
        RawClient client = RawClient.silent(server.socket());
        stopped.add(client);
        client.send(ByteBuffer.allocate(said.length).put(said, 0, length));
        if (length % 16 == 0) {
          assertServed();
        }
      }
      assertServed();
    } finally {
      for (RawClient each : stopped) {
        each.close();
      }
    }
  }

  @Test
  @DisplayName("CVE-2015-0847: signals while clients come and go")
  void v29() throws Exception {
    String pid = String.valueOf(server.process().pid());
    String storm = "for i in $(seq 500); do kill -CHLD " + pid + " && kill -WINCH " + pid;
    Process signals =
        new ProcessBuilder("sh", "-c", storm + " && kill -URG " + pid + " || exit 1; done")
            .redirectErrorStream(true)
            .start();
    do {
      assertServed();
    } while (signals.isAlive());
    assertEquals(0, signals.exitValue());
    try (RawClient busy = RawClient.chosen(server.socket());
        RawClient negotiating = greeted()) {
      busy.request(0, Command.READ, 1, 0, 4096);
      negotiating.send(ByteBuffer.allocate(8).putLong(0x49484156454F5054L));
      server.close(); // by a signal: both are there
    }
    assertEquals(0, server.process().exitValue());
  }

  @Test
  @DisplayName("CVE-2017-7539: negotiation data that nobody expects")
  void v31() throws IOException {
    for (int code = 0; code <= 12; code++) {
      for (int length : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 5000}) {
        byte[] body = new byte[length];
        Arrays.fill(body, (byte) 0xff);
        try (RawClient client = greeted()) {
          client.option(code, length, body);
          if (code == NbdOption.EXPORT_NAME) {
            assertThrows(IOException.class, client::reply);
          } else if (code == NbdOption.ABORT) {
            assertEquals(ACK, client.reply().type());
          } else {
            assertTrue(OptionError.isError(client.reply().type()), code + ", " + length);
            assertEquals(ACK, client.option(new NbdOption.Go("", List.of())));
          }
        }
      }
    }
  }

  @Test
  @DisplayName("CVE-2017-9524: clients that never negotiate, or leave in the middle of it")
  void v32() throws IOException {
    byte[] said = conversation();
    for (int length = 0; length <= said.length; length++) {
      try (RawClient client = RawClient.silent(server.socket())) {
        client.send(ByteBuffer.allocate(said.length).put(said, 0, length));
      }
    }
    assertServed();
  }

  @Test
  @DisplayName("CVE-2017-10664: SIGPIPE, for a client that leaves without its replies")
  void v33() throws Exception {
    for (int i = 0; i < 50; i++) {
      try (RawClient client = RawClient.chosen(server.socket())) {
        for (int j = 0; j < 8; j++) {
          client.request(0, Command.READ, j, 0, 1 << 20);
        }
      }
    }
    new Commands(folder).succeed("kill", "-PIPE", String.valueOf(server.process().pid()));
    assertServed();
  }

  private static byte[] nameOf(int length) {
    return Arrays.copyOfRange(named(0, length), 4, length + 4);
  }

  private static byte[] named(int announced, int length) {
    byte[] body = new byte[4 + length + 2];
    ByteBuffer.wrap(body).putInt(announced);
    Arrays.fill(body, 4, 4 + length, (byte) 'n');
    return body;
  }

  @Test
  @DisplayName("CVE-2017-15118: an export name longer than its place on the stack")
  void v34() throws IOException {
    try (RawClient client = greeted()) {
      for (int option : new int[] {NbdOption.INFO, NbdOption.GO}) {
        for (int length : new int[] {256, 1024, 4096, 4097, 8192, 65536}) {
          client.option(option, 4 + length + 2, named(length, length));
          assertEquals(length <= 4096 ? UNKNOWN : TOO_BIG, client.reply().type());
        }
      }
    }
    for (int length : new int[] {4096, 4097, 65536, 1 << 20}) {
      try (RawClient client = greeted()) {
        client.option(NbdOption.EXPORT_NAME, length, nameOf(length));
        assertThrows(IOException.class, client::reply);
      }
    }
  }

  /** Of the server so far, of both kinds; clock ticks are hundredths of a second. */
  private double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/" + server.process().pid() + "/stat"));
    String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(words[11]) + Long.parseLong(words[12])) / 100.0;
  }

  @Test
  @DisplayName("CVE-2017-15119: option lengths that keep the processor busy")
  void v35() throws IOException {
    assertServed();
    double before = cpuSeconds();
    try (RawClient client = greeted()) {
      for (int i = 0; i < 4; i++) { // passed over, and answered
        client.option(NbdOption.LIST, 32 << 20, new byte[32 << 20]);
        assertEquals(TOO_BIG, client.reply().type());
      }
    }
    for (long length : new long[] {(32 << 20) + 1, 1L << 31, 0xffff_ffffL}) {
      try (RawClient client = greeted()) { // not waited for
        client.option(99, length, new byte[0]);
        assertThrows(IOException.class, client::reply);
      }
    }
    int options = 0;
    try (RawClient client = greeted()) {
      while (options < 100_000) {
        client.option(99, 0, new byte[0]);
        client.reply();
        options++;
      }
    } catch (IOException e) {
      // As it should: this client does not come to the point.
    }
    assertTrue(options < 10_000, "options without end");
    double seconds = cpuSeconds() - before;
    assertTrue(seconds < 2, () -> seconds + " s");
  }

  private int openFiles() throws IOException {
    try (var files = Files.list(Path.of("/proc/" + server.process().pid() + "/fd"))) {
      return (int) files.count();
    }
  }

  @Test
  @DisplayName("CVE-2019-14850: what is opened for a client that has not said what it wants")
  void v38() throws IOException {
    var clients = new ArrayList<RawClient>();
    try {
      int few = 0;
      for (int i = 0; i < 300; i++) {
        clients.add(greeted());
        if (i == 99) {
          few = openFiles(); // with what the first of them made the server set up
        }
      }
      assertTrue(openFiles() <= few + 200 + 2, "more than the clients' sockets");
    } finally {
      for (RawClient each : clients) {
        each.close();
      }
    }
  }

  private void restart(String... options) throws IOException, InterruptedException {
    server.close();
    server = Server.start(folder, Commands.OURS, options);
  }

  /** Several connections are offered because of this: what is in a cache belongs to all of them. */
  @Test
  void aFlushOnOneConnectionIsForAll() throws Exception {
    var commands = new Commands(folder);
    String image = Path.of(Commands.OURS).resolveSibling("qemu-img").toString();
    commands.succeed(image, "create", "-q", "-f", "qcow2", "a.qcow2", "64M");
    server.close();
    Server killed = Server.start(folder, Commands.OURS, "-t", "-e", "4", "-f", "qcow2", "a.qcow2");
    try (RawClient writer = RawClient.chosen(killed.socket());
        RawClient other = RawClient.chosen(killed.socket())) {
      byte[] content = new byte[65536];
      Arrays.fill(content, (byte) 7);
      writer.request(0, Command.WRITE, 1, 10 << 20, content.length);
      writer.send(data(content.length).put(0, content));
      assertEquals(0, writer.error(1));
      other.request(0, Command.FLUSH, 2, 0, 0);
      assertEquals(0, other.error(2));
      killed.process().destroyForcibly().waitFor(); // the map that is only in memory is lost
    }
    Files.deleteIfExists(killed.socket());
    String io = Path.of(Commands.OURS).resolveSibling("qemu-io").toString();
    String told = commands.succeed(io, "-r", "-U", "-c", "read -P 7 10M 64k", "a.qcow2");
    assertFalse(told.contains("Pattern verification failed"), told);
    server = killed;
  }

  @Test
  void errorsOfTheDiskAreTheClientsToHear() throws Exception {
    restart("-t", "-r", "-f", "raw", "disk");
    try (RawClient client = RawClient.chosen(server.socket())) {
      client.request(0, Command.WRITE, 1, 0, 4);
      client.send(data(4));
      assertEquals(NbdError.EPERM, client.error(1));
      client.request(0, Command.TRIM, 2, 0, 4096);
      assertEquals(NbdError.EPERM, client.error(2));
    }
    String broken =
        "driver=blkdebug,image.driver=file,image.filename="
            + folder.resolve("disk")
            + ",inject-error.0.event=none,inject-error.0.iotype=read,inject-error.0.errno=5"
            + ",inject-error.0.sector=8";
    restart("-t", "--image-opts", broken);
    try (RawClient client = RawClient.chosen(server.socket())) {
      client.request(0, Command.READ, 1, 4096, 4096);
      assertEquals(NbdError.EIO, client.error(1));
      client.request(0, Command.READ, 2, 0, 16384);
      assertEquals(NbdError.EIO, client.error(2)); // and no bytes
      client.request(0, Command.READ, 3, 0, 4);
      assertEquals(0, client.error(3));
      client.receive(4);
    }
  }

  /** Rules N01 and N11: what a client only announces takes no memory. */
  @Test
  void aCrowdThatAnnouncesMuchTakesNoMemory() throws IOException {
    assertServed();
    long before = server.peakKib();
    var clients = new ArrayList<RawClient>();
    try {
      for (int i = 0; i < 2000; i++) {
        RawClient client = greeted();
        clients.add(client);
        client.option(NbdOption.SET_META_CONTEXT, NbdLimits.OPTION_DATA, new byte[100]);
        if (i % 100 == 99) {
          assertServed();
        }
      }
      long grown = server.peakKib() - before;
      assertTrue(grown < 64 << 10, () -> grown + " KiB");
    } finally {
      for (RawClient each : clients) {
        each.close();
      }
    }
  }

  @Test
  @DisplayName("CVE-2019-14851: commands in the wrong order")
  void v39() throws IOException {
    var context = new NbdOption.SetMetaContext("", List.of("base:allocation"));
    try (RawClient client = greeted()) {
      assertEquals(INVALID, client.option(context));
      assertEquals(UNKNOWN, client.option(new NbdOption.Go("absent", List.of())));
      assertEquals(ACK, client.option(new NbdOption.Info("", List.of())));
      assertEquals(ACK, client.option(new NbdOption.StructuredReply()));
      assertEquals(INVALID, client.option(new NbdOption.StructuredReply()));
      assertEquals(ACK, client.option(context));
      assertEquals(UNKNOWN, client.option(new NbdOption.SetMetaContext("absent", List.of())));
      assertEquals(UNKNOWN, client.option(new NbdOption.Info("absent", List.of())));
      assertEquals(ACK, client.option(new NbdOption.ListExports()));
      assertEquals(ACK, client.option(new NbdOption.Go("", List.of())));
      // The contexts were those of an export that is not there: none is left.
      client.request(0, Command.BLOCK_STATUS, 7, 0, 512);
      assertEquals(NbdError.EINVAL, chunkError(client, 7));
      client.request(0, Command.DISC + 100, 8, 0, 0);
      assertEquals(NbdError.EINVAL, client.error(8));
    }
    try (RawClient client = greeted()) {
      assertEquals(ACK, client.option(new NbdOption.ExtendedHeaders()));
      assertEquals(INVALID, client.option(new NbdOption.ExtendedHeaders()));
      assertEquals(INVALID, client.option(new NbdOption.StructuredReply()));
      client.send(new NbdOption.ExportName("").encode().position(16)); // has no answer for those
      assertThrows(IOException.class, client::reply);
    }
  }

  /** The error that a chunk tells, which is all there is of the reply. */
  private static int chunkError(RawClient client, long cookie) throws IOException {
    ByteBuffer header = client.receive(ReplyChunk.STRUCTURED_SIZE);
    assertEquals(cookie, ReplyChunk.cookie(header, 0));
    assertEquals(ReplyChunk.DONE, ReplyChunk.flags(header, 0));
    assertTrue(ReplyChunk.isError(ReplyChunk.type(header, 0)));
    return client.receive((int) ReplyChunk.length(header, 0, false)).getInt(0);
  }

  @Test
  @DisplayName("CVE-2020-10761: an error that repeats a long name")
  void v40() throws IOException {
    try (RawClient client = greeted()) {
      assertEquals(ACK, client.option(new NbdOption.StructuredReply()));
      String name = "\u00e9".repeat(2048);
      for (NbdOption option :
          List.of(
              new NbdOption.Info(name, List.of()),
              new NbdOption.Go(name, List.of()),
              new NbdOption.ListMetaContext(name, List.of()),
              new NbdOption.SetMetaContext(name, List.of()))) {
        ByteBuffer bytes = option.encode();
        client.send(bytes.position(bytes.limit()));
        OptionReplyHeader header = OptionReplyHeader.decode(client.receive(OptionReplyHeader.SIZE));
        assertEquals(UNKNOWN, header.type());
        assertTrue(header.length() <= NbdLimits.STRING);
        String words = StandardCharsets.UTF_8.decode(client.receive(header.length())).toString();
        assertTrue(words.startsWith("export '\u00e9\u00e9"), words);
        assertFalse(words.contains("\ufffd"), "cut within a character");
      }
    }
  }

  @Test
  @DisplayName("CVE-2022-26495, CVE-2022-26496: the length of a name overflows, or is a lie")
  void v44() throws IOException {
    try (RawClient client = greeted()) {
      assertEquals(ACK, client.option(new NbdOption.StructuredReply()));
      int[] options = {
        NbdOption.INFO, NbdOption.GO, NbdOption.LIST_META_CONTEXT, NbdOption.SET_META_CONTEXT
      };
      for (int option : options) {
        for (int announced : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, -4, 17, 1024}) {
          client.option(option, 4 + 8 + 2, named(announced, 8));
          int type = client.reply().type();
          assertTrue(type == INVALID || type == TOO_BIG, option + ", " + announced);
        }
        client.option(option, 4, new byte[4]);
        assertEquals(INVALID, client.reply().type());
      }
      byte[] queries = new byte[20];
      ByteBuffer.wrap(queries).putInt(0).putInt(-1); // how many there are
      client.option(NbdOption.SET_META_CONTEXT, queries.length, queries);
      assertEquals(INVALID, client.reply().type());
      ByteBuffer.wrap(queries).putInt(0).putInt(2).putInt(-1); // how long the first is
      client.option(NbdOption.SET_META_CONTEXT, queries.length, queries);
      assertEquals(INVALID, client.reply().type());
    }
  }

  @Test
  @DisplayName("CVE-2024-7409: idle clients without end, and an end while they come")
  void v48() throws Exception {
    var idle = new IdleClients(server.socket(), 300, false);
    Thread coming = Thread.ofPlatform().start(idle);
    while (idle.present() < 300) {
      assertServed();
    }
    server.close(); // while they come again
    idle.end();
    coming.join();
    assertEquals(0, server.process().exitValue(), this::log);
    // With one place, the good client has it when the handshake's time is over, not never.
    server = Server.start(folder, Commands.OURS, "-t", "-e", "1", "-f", "raw", "disk");
    RawClient silent = RawClient.silent(server.socket());
    long start = System.nanoTime();
    RawClient.chosen(server.socket()).close();
    assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20));
    silent.close();
  }

  @Test
  @DisplayName("CVE-2025-47711, CVE-2025-47712: a status of 2^32 bytes and more")
  void v49() throws IOException {
    var context = new NbdOption.SetMetaContext("", List.of("base:allocation"));
    try (RawClient client =
        RawClient.chosen(server.socket(), new NbdOption.StructuredReply(), context)) {
      long[][] ranges = {
        {0, 0xffff_ffffL}, {1 << 20, 0xffff_ffffL}, {SIZE - 0xffff_ffffL, 0xffff_ffffL}, {1, 1}
      };
      for (long[] range : ranges) {
        for (int flags : new int[] {0, CommandFlags.REQ_ONE}) {
          client.request(flags, Command.BLOCK_STATUS, 9, range[0], range[1]);
          assertStatus(client, false, range[1]);
        }
      }
      client.request(0, Command.BLOCK_STATUS, 9, SIZE - 1, 0xffff_ffffL);
      assertEquals(NbdError.EINVAL, chunkError(client, 9));
      client.request(0, Command.BLOCK_STATUS, 9, 0, 0);
      assertEquals(NbdError.EINVAL, chunkError(client, 9));
    }
    try (RawClient client =
        RawClient.chosen(server.socket(), new NbdOption.ExtendedHeaders(), context)) {
      client.extendedRequest(Command.BLOCK_STATUS, 9, 0, SIZE);
      assertEquals(SIZE, assertStatus(client, true, SIZE));
      for (long length : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, SIZE + 1}) {
        client.extendedRequest(Command.BLOCK_STATUS, 9, 512, length);
        ByteBuffer header = client.receive(ReplyChunk.EXTENDED_SIZE);
        assertTrue(ReplyChunk.isError(ReplyChunk.type(header, 0)));
        client.receive((int) ReplyChunk.length(header, 0, true));
      }
    }
  }

  /** Runs of at least a byte that do not exceed the request; how long they are. */
  private static long assertStatus(RawClient client, boolean extended, long most)
      throws IOException {
    ByteBuffer header = client.receive(ReplyChunk.headerSize(extended));
    assertFalse(ReplyChunk.isError(ReplyChunk.type(header, 0)));
    int length = (int) ReplyChunk.length(header, 0, extended);
    ByteBuffer payload = client.receive(length);
    long sum = 0;
    int size = BlockDescriptor.size(extended);
    for (int at = ReplyChunk.statusPrefix(extended); at < length; at += size) {
      long run = BlockDescriptor.length(payload, at, extended);
      assertTrue(run > 0);
      sum += run;
    }
    assertTrue(sum > 0 && sum <= most, sum + " of " + most);
    return sum;
  }

  @Test
  @DisplayName(
      "CVE-2023-3354, CVE-2025-11234: clients that leave in the middle of the TLS handshake")
  void v51() throws Exception {
    server.close();
    Path keys = Files.createDirectory(folder.resolve("keys"));
    Files.writeString(keys.resolve("keys.psk"), "alice:" + "5a".repeat(32) + "\n");
    String credentials = "tls-creds-psk,id=t,endpoint=server,dir=" + keys;
    server =
        Server.start(
            folder,
            Commands.OURS,
            "-t",
            "-e",
            "0",
            "-f",
            "raw",
            "--object",
            credentials,
            "--tls-creds",
            "t",
            "disk");
    // A record of a handshake that says it has more bytes than come.
    byte[] hello = new byte[300];
    ByteBuffer.wrap(hello).put((byte) 22).putShort((short) 0x301).putShort((short) 16000);
    hello[5] = 1;
    var staying = new ArrayList<RawClient>();
    try {
      for (int length = 0; length < hello.length; length += 3) {
        RawClient client = greeted();
        assertEquals(ACK, client.option(new NbdOption.StartTls()));
        client.send(ByteBuffer.allocate(hello.length).put(hello, 0, length));
        if (length % 2 == 0) {
          client.close();
        } else {
          staying.add(client);
        }
      }
      var commands = new Commands(folder);
      String uri =
          "nbds+unix://alice@/?socket="
              + server.socket()
              + "&tls-psk-file="
              + keys.resolve("keys.psk");
      String image = Path.of(Commands.OURS).resolveSibling("qemu-img").toString();
      String told = commands.succeed(image, "info", "-f", "raw", uri);
      assertTrue(told.contains("virtual size: 8 GiB"), told);
    } finally {
      for (RawClient each : staying) {
        each.close();
      }
    }
    server.close();
    assertEquals(0, server.process().exitValue(), this::log);
  }
}
