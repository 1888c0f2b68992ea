// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbdserver;

import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.RequestHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client after the other that sends options and requests made by chance, most of them with a
 * right magic, so that they are taken. What is written stays behind {@link #FROM}.
 */
final class FuzzedFrames implements Runnable {
  /** In bytes: what lies before is others'. */
  static final long FROM = 32 << 20;

  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int MOST_OF_A_CLIENT = 2000; // frames
  private static final int MAX_PAYLOAD = 8192;
  private static final int IN_FLIGHT = 32; // frames, before replies are taken

  private final Path socket;
  private final SplittableRandom random;
  private final ByteBuffer frame = ByteBuffer.allocate(MAX_PAYLOAD + 64);
  private final ByteBuffer replies = ByteBuffer.allocateDirect(1 << 20);
  private final AtomicLong sent = new AtomicLong();
  private volatile boolean ended;

  FuzzedFrames(Path socket, long seed) {
    this.socket = socket;
    this.random = new SplittableRandom(seed);
  }

  /** How many frames have been sent. */
  long sent() {
    return sent.get();
  }

  void end() {
    ended = true;
  }

  @Override
  public void run() {
    while (!ended) {
      boolean options = random.nextInt(4) == 0;
      try (RawClient client = options ? RawClient.greeted(socket) : RawClient.chosen(socket)) {
        client.channel().configureBlocking(false);
        for (int i = 0; i < MOST_OF_A_CLIENT && !ended; i++) {
          frame.clear();
          if (options) {
            option();
          } else {
            request();
          }
          frame.flip();
          while (frame.hasRemaining() && !ended) {
            client.channel().write(frame);
            if (frame.hasRemaining()) {
              take(client);
            }
          }
          sent.incrementAndGet();
          if (i % IN_FLIGHT == 0) {
            take(client);
          }
        }
      } catch (IOException e) {
        // Hung up on, as some frames deserve.
      }
    }
  }

  private void take(RawClient client) throws IOException {
    if (client.channel().read(replies.clear()) < 0) {
      throw new ClosedChannelException();
    }
  }

  private void option() {
    byte[] body = new byte[random.nextInt(64)];
    random.nextBytes(body);
    frame.putLong(rare() ? random.nextLong() : OPTION_MAGIC);
    // EXPORT_NAME and ABORT end the handshake, and with it the frames.
    frame.putInt(rare() ? random.nextInt() : 3 + random.nextInt(9));
    frame.putInt(rare() ? odd() : body.length).put(body);
  }

  private void request() {
    int command = rare() ? random.nextInt(1 << 16) : random.nextInt(9);
    if (command == Command.DISC) {
      command = Command.READ;
    }
    long offset = rare() ? random.nextLong() | FROM : FROM + random.nextInt(64 << 20);
    boolean writes = command == Command.WRITE;
    int length = writes || random.nextInt(8) > 0 ? random.nextInt(MAX_PAYLOAD) : odd();
    int flags = random.nextInt(4) == 0 ? random.nextInt(64) : 0;
    RequestHeader.put(frame, false, flags, command, random.nextLong(), offset, length);
    if (writes) {
      frame.position(frame.position() + length);
    }
    if (rare()) {
      int at = random.nextInt(20); // anywhere in the header but in the offset
      frame.put(at < 16 ? at : at + Long.BYTES, (byte) random.nextInt());
    }
  }

  private boolean rare() {
    return random.nextInt(500) == 0;
  }

  private int odd() {
    return switch (random.nextInt(6)) {
      case 0 -> -1;
      case 1 -> Integer.MIN_VALUE + random.nextInt(3);
      case 2 -> (32 << 20) + random.nextInt(3) - 1;
      case 3 -> 0;
      case 4 -> random.nextInt(1 << 20);
      default -> random.nextInt();
    };
  }
}
