// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.NbdError;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.posix.Listener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What clients that do not behave meet. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class NbdServerTest {
  private static final int SIZE = 64 << 20;

  @TempDir Path folder;
  private Path socket;
  private BlockGraph graph;
  private NbdServer server;
  private Thread running;

  @BeforeEach
  void serve() throws IOException {
    serve(new BlockOptions(), 0, true);
  }

  private void serve(BlockOptions more, int shared, boolean persistent) throws IOException {
    Path disk = folder.resolve("disk");
    if (!Files.exists(disk)) {
      try (var file =
          Files.newByteChannel(disk, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE))) {
        file.position(SIZE - 1).write(ByteBuffer.allocate(1));
      }
    }
    socket = folder.resolve("socket");
    graph = new BlockGraph(DriverRegistry.load(), line -> {});
    if (!more.has("driver")) {
      more.put("driver", "file");
      more.put("filename", disk.toString());
    }
    BlockNode node =
        graph.open(
            new OpenRequest(
                null,
                more,
                NodeFlags.READ_ONLY.withWritable(true).withUnmap(true),
                false,
                false,
                OpenGate.DENY));
    BlockBackend backend =
        graph.use(
            node,
            "",
            new Permissions(
                EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE),
                EnumSet.allOf(Permission.class)));
    var export =
        new Export("", "", backend, false, true, List.of(new StatusContext.BaseAllocation()));
    server = new NbdServer(List.of(export), shared, persistent);
    Listener listener = Listener.unix(socket.toString(), 0);
    running =
        Thread.ofPlatform()
            .start(() -> {
              try {
                server.run(listener);
              } catch (BlockException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    server.end();
    running.join();
    graph.close();
    assertFalse(Files.exists(socket));
  }

  /** Served within the time that a user would call at once. */
  private void assertServed() throws IOException {
    long start = System.nanoTime();
    try (Client client = Client.chosen(socket)) {
      client.request(0, Command.READ, 1, 0, 4096);
      assertEquals(0, client.error(1));
      client.receive(4096);
    }
    assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(2));
  }

  @Test
  void requestsThatCannotBeAreRefusedAndTheConnectionGoesOn() throws IOException {
    try (Client client = Client.chosen(socket)) {
      client.request(0, Command.READ, 1, SIZE, 1);
      assertEquals(NbdError.EINVAL, client.error(1));
      client.request(0, Command.READ, 2, -512, 512);
      assertEquals(NbdError.EINVAL, client.error(2));
      client.request(0, Command.READ, 3, 0, 0xffff_ffffL);
      assertEquals(NbdError.EINVAL, client.error(3));
      client.request(0, Command.WRITE, 4, SIZE - 1, 2);
      client.send(ByteBuffer.allocate(2));
      assertEquals(NbdError.ENOSPC, client.error(4));
      client.request(0, Command.WRITE_ZEROES, 5, SIZE, 1);
      assertEquals(NbdError.ENOSPC, client.error(5));
      client.request(0, 77, 6, 0, 1);
      assertEquals(NbdError.EINVAL, client.error(6));
      client.request(CommandFlags.REQ_ONE, Command.READ, 7, 0, 1);
      assertEquals(NbdError.EINVAL, client.error(7));
      client.request(0, Command.BLOCK_STATUS, 8, 0, 1);
      assertEquals(NbdError.EINVAL, client.error(8));
      // Longer than a write may be, but not so long that its bytes are not passed over.
      client.request(0, Command.WRITE, 9, 0, 33 << 20);
      client.send(ByteBuffer.allocate(33 << 20));
      assertEquals(NbdError.EINVAL, client.error(9));
      client.request(0, Command.FLUSH, 10, 0, 0);
      assertEquals(0, client.error(10));
    }
    assertServed();
  }

  @Test
  void aPayloadBeyondAllMeasureEndsTheConnection() throws IOException {
    try (Client client = Client.chosen(socket)) {
      client.request(0, Command.WRITE, 1, 0, 0xffff_ffffL);
      assertThrows(IOException.class, () -> client.error(1));
    }
    assertServed();
  }

  @Test
  void aWrongMagicEndsTheConnection() throws IOException {
    try (Client client = Client.chosen(socket)) {
      client.send(ByteBuffer.allocate(28));
      assertThrows(IOException.class, () -> client.error(1));
    }
    assertServed();
  }

  @Test
  void writesOfEveryLengthAreReadBack() throws IOException {
    var random = new Random(11);
    try (Client client = Client.chosen(socket)) {
      long cookie = 0;
      for (int length : new int[] {1, 4096, 256 * 1024, 256 * 1024 + 1, 3 << 20, 32 << 20}) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        client.request(CommandFlags.FUA, Command.WRITE, ++cookie, 513, length);
        client.send(ByteBuffer.wrap(content));
        assertEquals(0, client.error(cookie));
        client.request(0, Command.READ, ++cookie, 513, length);
        assertEquals(0, client.error(cookie));
        assertArrayEquals(content, client.receive(length).array());
      }
    }
  }

  @Test
  void optionsThatMakeNoSenseAreRefusedAndTheHandshakeGoesOn() throws IOException {
    try (Client client = Client.greeted(socket)) {
      client.send(option(99, 5, 5));
      assertEquals(OptionError.UNSUPPORTED.replyType(), client.reply().type());
      client.send(option(NbdOption.GO, 3, 3));
      assertEquals(OptionError.INVALID.replyType(), client.reply().type());
      client.send(option(NbdOption.LIST, 1 << 20, 1 << 20));
      assertEquals(OptionError.TOO_BIG.replyType(), client.reply().type());
      client.send(new NbdOption.Go("absent", List.of()).encode());
      assertEquals(OptionError.UNKNOWN.replyType(), client.reply().type());
      client.send(new NbdOption.StartTls().encode());
      assertEquals(OptionError.POLICY.replyType(), client.reply().type());
      client.send(new NbdOption.SetMetaContext("", List.of()).encode());
      assertEquals(OptionError.INVALID.replyType(), client.reply().type());
      client.send(option(NbdOption.LIST, 0xffff_ffffL, 0));
      assertThrows(IOException.class, client::reply);
    }
    assertServed();
  }

  private static ByteBuffer option(int code, long length, int sent) {
    return ByteBuffer.allocate(16 + sent)
        .putLong(0x49484156454F5054L)
        .putInt(code)
        .putInt((int) length)
        .position(16 + sent)
        .flip();
  }

  @Test
  void twoThousandThatSayNothingDelayNobody() throws IOException {
    var silent = new ArrayList<Client>();
    try {
      for (int i = 0; i < 2000; i++) {
        silent.add(Client.silent(socket));
      }
      assertServed();
    } finally {
      for (Client client : silent) {
        client.close();
      }
    }
  }

  @Test
  void whoDoesNotReadDelaysNobodyAndIsNotReadFromWithoutEnd() throws IOException {
    try (Client deaf = Client.chosen(socket)) {
      deaf.channel.configureBlocking(false);
      var request = ByteBuffer.allocate(28);
      RequestHeader.put(request, false, 0, Command.READ, 1, 0, 1 << 20);
      request.flip();
      int taken = 0;
      long quietSince = System.nanoTime();
      while (System.nanoTime() - quietSince < TimeUnit.MILLISECONDS.toNanos(500)) {
        if (deaf.channel.write(request) > 0) {
          quietSince = System.nanoTime();
          taken++;
        }
        if (!request.hasRemaining()) {
          request.rewind();
        }
        assertTrue(taken < 1_000_000, "the server takes requests without end");
      }
      assertServed();
    }
    assertServed();
  }

  @Test
  void slowRequestsAreOvertaken() throws IOException, InterruptedException {
    end();
    serve(BlockOptions.of("driver", "null-co", "size", "1M", "latency-ns", "20000000"), 0, true);
    try (Client client = Client.chosen(socket)) {
      int requests = 200;
      long start = System.nanoTime();
      for (int i = 0; i < requests; i++) {
        client.request(0, Command.READ, i, 0, 512);
      }
      var seen = new HashSet<Long>();
      for (int i = 0; i < requests; i++) {
        seen.add(client.receive(16 + 512).getLong(8));
      }
      assertEquals(requests, seen.size());
      // One after the other they would take four seconds.
      assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(2));
    }
  }

  @Test
  void whoVanishesInTheMiddleOfAWriteLeavesOthersServed() throws IOException {
    for (int i = 0; i < 20; i++) {
      try (Client client = Client.chosen(socket)) {
        client.request(0, Command.WRITE, 1, 0, 1 << 20);
        client.send(ByteBuffer.allocate(100_000));
      }
    }
    assertServed();
  }

  @Test
  void garbageFromManyClientsLeavesOthersServed() throws IOException {
    var random = new Random(17);
    for (int i = 0; i < 300; i++) {
      byte[] garbage = new byte[random.nextInt(2000)];
      random.nextBytes(garbage);
      try (Client client =
          switch (i % 3) {
            case 0 -> Client.silent(socket);
            case 1 -> Client.greeted(socket);
            default -> Client.chosen(socket);
          }) {
        client.send(ByteBuffer.wrap(garbage));
      } catch (IOException e) {
        // Hung up on before all was sent.
      }
    }
    assertServed();
  }

  @Test
  void theServerEndsWithItsLastClientAndItsRequestsAreDone()
      throws IOException, InterruptedException {
    end();
    serve(new BlockOptions(), 1, false);
    try (Client client = Client.chosen(socket)) {
      client.request(0, Command.WRITE, 1, 0, 4);
      client.send(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
      client.request(0, Command.DISC, 2, 0, 0);
      assertEquals(0, client.error(1));
    }
    running.join();
    try (var file = Files.newByteChannel(folder.resolve("disk"))) {
      var start = ByteBuffer.allocate(4);
      assertEquals(4, file.read(start));
      assertArrayEquals(new byte[] {1, 2, 3, 4}, start.array());
    }
  }
}
