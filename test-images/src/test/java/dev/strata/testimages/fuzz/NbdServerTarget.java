// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.nbdserver.ServedClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A client says what it wants to our server, from the handshake to its last request. */
final class NbdServerTarget implements FuzzTarget {
  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int DISK = 64 << 10;

  /** The most that a client of a few requests can be sent: 32 MiB for each of its frames. */
  private static final long MAX_SENT = 2L << 30;

  private final Disk disk = new Disk();

  @Override
  public String name() {
    return "nbd-server";
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        // Flags 3; structured reply; contexts; GO; read, write, status, flush, disconnect.
        new byte[] {
          0, 3, 1, 8, 0, 0, 3, 0, 0, 2, 7, 1, 0, 3, 4, 0, 0, 0, 0, 0, 2, 1, 4, 1, 0, 0, 0, 0, 2, 1,
          4, 7, 0, 0, 0, 0, 2, 1, 4, 3, 0, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0
        },
        // The same with extended headers.
        new byte[] {
          0, 3, 1, 11, 0, 0, 3, 0, 0, 2, 7, 1, 0, 3, 5, 0, 0, 0, 0, 0, 2, 1, 5, 1, 32, 0, 0, 0, 2,
          1, 5, 7, 0, 0, 0, 0, 2, 1, 5, 6, 2, 0, 0, 0, 2, 9, 5, 4, 0, 0, 0, 0, 2, 9
        },
        // By the name alone.
        new byte[] {0, 3, 1, 1, 0, 0, 4, 0, 0, 0, 0, 0, 2, 1},
        // List, info, list of contexts, an option nobody knows, abort.
        new byte[] {0, 3, 1, 3, 0, 0, 2, 6, 1, 0, 3, 1, 99, 3, 1, 2, 3, 0, 1, 2, 0, 0});
  }

  @Override
  public void run(byte[] input) throws IOException {
    byte[] sent = Frames.of(input, NbdServerTarget::put);
    disk.folder(true).with(Disk.IMAGE, new byte[DISK]);
    disk.use(
        true,
        false,
        BlockOptions.of("driver", "raw"),
        backend -> {
          var channel = new BytesChannel(sent);
          try {
            ServedClient.serve(channel, backend);
          } catch (BlockException e) {
            throw new Finding("what is wrong with a request is the client's to hear", e);
          } catch (IOException e) {
            // The client has left, as all do in the end.
          }
          if (channel.sent() > MAX_SENT) {
            throw new Finding(channel.sent() + " bytes in answer to " + sent.length);
          }
        });
  }

  private static void put(int kind, Frames frames) {
    ByteBuffer out = frames.out();
    switch (kind % 8) {
      case 0 -> out.putInt(frames.next());
      case 1 -> {
        int code = frames.next();
        byte[] body = frames.bytes();
        option(out, code, frames.length(body.length)).put(body);
      }
      case 2 -> {
        int code = frames.next();
        int requests = frames.next() % 8;
        option(out, code, 6 + 2 * requests).putInt(0).putShort((short) requests);
        for (int i = 0; i < requests; i++) {
          out.putShort((short) frames.next());
        }
      }
      case 3 -> {
        byte[] query =
            (frames.next() % 2 == 0 ? "base:allocation" : "qemu:").getBytes(StandardCharsets.UTF_8);
        int length = frames.length(query.length);
        option(out, frames.next() % 4 == 3 ? 9 : 10, 12 + query.length)
            .putInt(0)
            .putInt(1)
            .putInt(length)
            .put(query);
      }
      case 4, 5 -> {
        boolean extended = kind % 8 == 5;
        int command = frames.next();
        int flags = frames.next();
        long offset = frames.number();
        long length = frames.number();
        out.putInt(extended ? 0x21e41c71 : 0x25609513).putShort((short) flags);
        out.putShort((short) command).putLong(command).putLong(offset);
        if (extended) {
          out.putLong(length);
        } else {
          out.putInt((int) length);
        }
        if (command == 1) {
          out.put(new byte[Math.clamp(length, 0, 1024)]);
        }
      }
      case 6 -> out.put(frames.bytes());
      default -> out.put(new byte[frames.next() * 64]);
    }
  }

  private static ByteBuffer option(ByteBuffer out, int code, int length) {
    return out.putLong(OPTION_MAGIC).putInt(code).putInt(length);
  }
}
