// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class UnixStreamTest {
  private static final int LARGE = 3 << 20; // more than a socket holds

  @TempDir Path folder;
  private ServerSocketChannel listener;
  private UnixStream stream;
  private SocketChannel peer;

  @BeforeEach
  void connect() throws IOException {
    assumeTrue(Posix.isAvailable());
    Path place = folder.resolve("s");
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(place));
    stream = UnixStream.connect(place.toString());
    peer = listener.accept();
  }

  @AfterEach
  void close() throws IOException {
    if (listener != null) {
      stream.close();
      peer.close();
      listener.close();
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static byte[] content(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.flip().remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private CompletableFuture<Void> peerSends(byte[] bytes, int pieces) {
    return CompletableFuture.runAsync(() -> {
      try {
        ByteBuffer all = ByteBuffer.wrap(bytes);
        while (all.hasRemaining()) {
          all.limit(Math.min(all.position() + pieces, bytes.length));
          while (all.hasRemaining()) {
            peer.write(all);
          }
          all.limit(bytes.length);
        }
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
  }

  private CompletableFuture<byte[]> peerReceives(int length) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        ByteBuffer all = ByteBuffer.allocate(length);
        while (all.hasRemaining() && peer.read(all) >= 0) {
          // until all is there
        }
        return content(all);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    });
  }

  @Test
  void whatComesInPiecesFillsABuffer() throws Exception {
    byte[] sent = random(LARGE);
    CompletableFuture<Void> sender = peerSends(sent, 70_001);
    ByteBuffer buffer = ByteBuffer.allocateDirect(LARGE);
    assertTrue(stream.fill(MemorySegment.ofBuffer(buffer)));
    assertArrayEquals(sent, content(buffer.position(LARGE)));
    sender.get();
  }

  @Test
  void buffersOnTheHeapAreReadIntoToo() throws Exception {
    byte[] sent = random(LARGE);
    CompletableFuture<Void> sender = peerSends(sent, LARGE);
    ByteBuffer buffer = ByteBuffer.allocate(LARGE);
    while (buffer.hasRemaining()) {
      assertTrue(stream.read(buffer) > 0);
    }
    assertArrayEquals(sent, content(buffer));
    sender.get();
  }

  @Test
  void aBufferThatThePeerDoesNotFillIsToldFromAFullOne() throws Exception {
    peerSends(random(100), 100).get();
    peer.close();
    ByteBuffer buffer = ByteBuffer.allocateDirect(101);
    assertFalse(stream.fill(MemorySegment.ofBuffer(buffer)));
    assertArrayEquals(random(100), content(buffer.position(100)));
    assertEquals(-1, stream.read(buffer.clear()));
  }

  @Test
  void aReadReturnsWhatIsThere() throws Exception {
    peerSends(random(100), 100).get();
    ByteBuffer buffer = ByteBuffer.allocateDirect(1000).position(7);
    assertEquals(100, stream.read(buffer));
    assertEquals(107, buffer.position());
    assertEquals(0, stream.read(buffer.limit(107)));
  }

  @Test
  void severalBuffersGoOutInTheirOrder() throws Exception {
    byte[] sent = random(LARGE);
    CompletableFuture<byte[]> receiver = peerReceives(LARGE);
    ByteBuffer[] parts = {
      ByteBuffer.allocateDirect(28).put(sent, 0, 28).flip(),
      ByteBuffer.allocateDirect(LARGE / 2).put(sent, 28, LARGE / 2).flip(),
      ByteBuffer.allocateDirect(0),
      ByteBuffer.wrap(sent, 28 + LARGE / 2, LARGE - 28 - LARGE / 2)
    };
    for (int first = 0; first < parts.length; ) {
      stream.write(parts, first, parts.length - first);
      while (first < parts.length && !parts[first].hasRemaining()) {
        first++;
      }
    }
    assertArrayEquals(sent, receiver.get());
  }

  @Test
  void writingToAPeerThatIsGoneFails() throws Exception {
    peer.close();
    BlockException e =
        assertThrows(BlockException.class, () -> stream.write(ByteBuffer.allocateDirect(1)));
    assertEquals(Errno.EPIPE, e.errno());
  }

  @Test
  void nobodyListensAtAPathWithoutASocket() {
    String absent = folder.resolve("absent").toString();
    BlockException e = assertThrows(BlockException.class, () -> UnixStream.connect(absent));
    assertEquals(Errno.ENOENT, e.errno());
  }

  @Test
  void closingEndsAReadInProgress() throws Exception {
    CompletableFuture<Integer> reader =
        CompletableFuture.supplyAsync(() -> {
          try {
            return stream.read(ByteBuffer.allocateDirect(1));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (stream.callsInProgress() == 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(1, stream.callsInProgress());
    stream.close();
    ExecutionException e = assertThrows(ExecutionException.class, reader::get);
    assertInstanceOf(AsynchronousCloseException.class, e.getCause().getCause());
    assertEquals(-1, peer.read(ByteBuffer.allocate(1)));
  }

  @Test
  void aClosedSocketGivesItsDescriptorBackOnceAndTakesNoMoreCalls() throws Exception {
    long before = openDescriptors();
    stream.close();
    stream.close();
    assertEquals(before - 1, openDescriptors());
    assertFalse(stream.isOpen());
    assertThrows(ClosedChannelException.class, () -> stream.read(ByteBuffer.allocateDirect(1)));
    assertThrows(ClosedChannelException.class, () -> stream.write(ByteBuffer.allocateDirect(1)));
    stream.close();
    assertEquals(before - 1, openDescriptors());
  }

  private static long openDescriptors() throws IOException {
    try (var entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.filter(UnixStreamTest::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) {
      return false;
    }
  }
}
