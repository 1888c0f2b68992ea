// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.nbd.ScriptedSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A server answers our client, from its greeting to the reply to the last request. */
final class NbdClientTarget implements FuzzTarget {
  private static final byte[] CONTEXT = "base:allocation".getBytes(StandardCharsets.UTF_8);

  @Override
  public String name() {
    return "nbd-client";
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        // No extended headers, structured replies, a context, GO with size and flags, replies.
        new byte[] {
          0, 3, 2, 11, 0, 1, 8, 1, 0, 0, 4, 0, 1, 10, 1, 0, 0, 3, 2, 1, 1, 7, 1, 0, 0, 5, 1, 0, 0,
          5, 1, 1, 6, 2, 7, 3, 0
        },
        // Extended headers.
        new byte[] {
          0, 3, 1, 11, 1, 0, 0, 4, 0, 1, 10, 1, 0, 0, 3, 2, 1, 1, 7, 1, 0, 0, 8, 1, 0, 0, 8, 6, 1,
          1, 8, 0, 2, 8, 0, 3
        },
        // Simple replies to one that knows no options.
        new byte[] {0, 0, 10, 1, 3, 7, 0, 11, 8, 7, 1, 7, 2, 7, 3},
        // Oldstyle.
        new byte[] {9, 1, 3, 11, 4, 7, 0, 11, 8, 7, 1, 7, 2});
  }

  @Override
  public void run(byte[] input) throws IOException {
    ScriptedSession.run(new BytesChannel(Frames.of(input, NbdClientTarget::put)));
  }

  private static void put(int kind, Frames frames) {
    ByteBuffer out = frames.out();
    switch (kind % 12) {
      case 0 -> {
        out.putLong(0x4e42444d41474943L).putLong(0x49484156454F5054L);
        out.putShort((short) frames.next());
      }
      case 1 -> {
        int option = frames.next();
        int type = frames.next();
        byte[] body = frames.bytes();
        reply(out, option, type, frames.length(body.length)).put(body);
      }
      case 2 -> {
        int option = frames.next();
        byte[] words = frames.bytes();
        reply(out, option, (1 << 31) | frames.next(), frames.length(words.length)).put(words);
      }
      case 3 -> {
        long size = frames.number();
        reply(out, 7, 3, 12).putShort((short) 0).putLong(size).putShort((short) frames.next());
        if (frames.next() % 2 == 1) {
          reply(out, 7, 3, 14).putShort((short) 3).putInt(1 << (frames.next() % 32));
          out.putInt(4096).putInt((int) frames.number());
        }
      }
      case 4 -> reply(out, 10, 4, 4 + CONTEXT.length).putInt(frames.next()).put(CONTEXT);
      case 5, 6 -> {
        int type = frames.next();
        byte[] body = body(type, frames);
        out.putInt(0x668e33ef).putShort((short) ((frames.next() % 4) ^ 1)).putShort(type(type));
        out.putLong(cookie(frames)).putInt(frames.length(body.length)).put(body);
      }
      case 7 -> out.putInt(0x67446698).putInt(frames.next() % 40).putLong(cookie(frames));
      case 8 -> {
        int type = frames.next();
        byte[] body = body(type, frames);
        out.putInt(0x6e8a278c).putShort((short) ((frames.next() % 4) ^ 1)).putShort(type(type));
        out.putLong(cookie(frames)).putLong(frames.next() % 4 == 3 ? frames.number() : 0);
        out.putLong(frames.length(body.length)).put(body);
      }
      case 9 -> {
        out.putLong(0x4e42444d41474943L).putLong(0x00420281861253L);
        out.putLong(frames.number()).putInt(frames.next()).put(new byte[124]);
      }
      case 10 -> out.putLong(frames.number()).putShort((short) frames.next()).put(new byte[124]);
      default -> out.put(new byte[frames.next() * 64]);
    }
  }

  private static short type(int type) {
    return (short) (type % 16 > 8 ? (1 << 15) | (type % 16 - 8) : type % 8);
  }

  /** What belongs to a chunk of that type, mostly. */
  private static byte[] body(int type, Frames frames) {
    return switch (type(type)) {
      case 1 -> ByteBuffer.allocate(8 + 512).putLong(frames.number()).array();
      case 2 ->
          ByteBuffer.allocate(12).putLong(frames.number()).putInt((int) frames.number()).array();
      case 5 ->
          ByteBuffer.allocate(12)
              .putInt(frames.next())
              .putInt((int) frames.number())
              .putInt(frames.next())
              .array();
      case 6 ->
          ByteBuffer.allocate(24)
              .putInt(frames.next())
              .putInt(1)
              .putLong(frames.number())
              .putLong(frames.number())
              .array();
      case 0 -> new byte[0];
      default -> frames.bytes();
    };
  }

  /** Of the n-th request. */
  private static long cookie(Frames frames) {
    return (long) (1 + frames.next() % 6) << 32;
  }

  private static ByteBuffer reply(ByteBuffer out, int option, int type, int length) {
    return out.putLong(0x3e889045565a9L).putInt(option).putInt(type).putInt(length);
  }
}
