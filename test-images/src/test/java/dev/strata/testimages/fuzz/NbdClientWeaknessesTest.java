// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.ErrorChunk;
import dev.strata.block.nbd.protocol.NbdError;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.ReplyChunk;
import dev.strata.testimages.nbdserver.Commands;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A lie for each weakness that clients of this protocol have had: the tool ends with one clear line
 * and exit code 1, in a second of processor time and 256 MiB.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class NbdClientWeaknessesTest {
  private static final long REPLY_MAGIC = 0x3e889045565a9L;

  @TempDir private Path folder;

  private LyingServer server() throws IOException {
    return new LyingServer(folder.resolve("s"));
  }

  private static ToolCommand run(String... words) {
    var command = new ToolCommand(words[0], Arrays.asList(words).subList(1, words.length));
    Trial.run(command, new byte[0]);
    return command;
  }

  /** One line that has those words, and exit code 1. */
  private static void assertRefused(String expected, String... words) {
    ToolCommand command = run(words);
    assertEquals(1, command.code(), command.errors());
    // The server's own words are another line, as the reference has it.
    List<String> lines =
        command.errors().lines().filter(line -> !line.startsWith("server reported: ")).toList();
    assertEquals(1, lines.size(), command.errors());
    assertTrue(lines.getFirst().contains(expected), command.errors());
    assertTrue(command.errors().length() < 10_000, "a flood");
  }

  private static byte[] optionReply(int option, int type, int announced, int length) {
    return ByteBuffer.allocate(20 + length)
        .putLong(REPLY_MAGIC)
        .putInt(option)
        .putInt(type)
        .putInt(announced)
        .array();
  }

  @Test
  @DisplayName("CVE-2017-2630: what is passed over does not fit the buffer for it")
  void v30() throws IOException {
    int type = OptionError.UNSUPPORTED.replyType();
    for (int option :
        new int[] {
          NbdOption.EXTENDED_HEADERS,
          NbdOption.STRUCTURED_REPLY,
          NbdOption.SET_META_CONTEXT,
          NbdOption.GO
        }) {
      for (int announced : new int[] {-1, Integer.MIN_VALUE, 1 << 20, 65537}) {
        byte[] lie = optionReply(option, type, announced, 1 << 17);
        try (LyingServer server = server().lies(option, lie).start()) {
          assertRefused("option reply is too long", "info", "-f", "raw", server.uri());
        }
      }
    }
  }

  @Test
  @DisplayName("CVE-2019-14842: a chunk whose offset is negative, or elsewhere")
  void v36() throws IOException {
    for (long start : new long[] {-1, -4096, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 20}) {
      for (boolean hole : new boolean[] {false, true}) {
        try (LyingServer server =
            server()
                .replies(
                    Command.READ,
                    (r, out) -> {
                      long at = r.offset() + start;
                      if (hole) {
                        ReplyChunk.putHole(out, false, 1, r.cookie(), r.offset(), at, 512);
                      } else {
                        ReplyChunk.putData(out, false, 1, r.cookie(), r.offset(), at, 512);
                        out.put(new byte[512]);
                      }
                    })
                .start()) {
          assertRefused(
              "error while reading at byte 0: Invalid argument",
              "convert",
              "-f",
              "raw",
              "-O",
              "raw",
              server.uri(),
              folder.resolve("copy").toString());
        }
      }
    }
  }

  private Path keys() throws IOException {
    return Files.writeString(folder.resolve("keys.psk"), "alice:" + "5a".repeat(32) + "\n");
  }

  private String secure() throws IOException {
    return "nbds+unix://alice@/?socket=" + folder.resolve("s") + "&tls-psk-file=" + keys();
  }

  @Test
  @DisplayName("libnbd, September 2019: TLS that is required is done without")
  void v37() throws IOException {
    for (OptionError error : OptionError.values()) {
      byte[] refusal =
          NbdOptionReply.Refusal.of(error, "come as you are").encode(NbdOption.STARTTLS).array();
      try (LyingServer server = server().lies(NbdOption.STARTTLS, refusal).start()) {
        String secure = secure();
        ToolCommand command = run("info", "-f", "raw", secure);
        assertEquals(1, command.code());
        assertEquals(List.of(NbdOption.STARTTLS), server.asked(), "asked for more in the clear");
      }
    }
    byte[][] greetings = {
      ByteBuffer.allocate(18).putLong(0x4e42444d41474943L).putLong(0x49484156454F5054L).array(),
      ByteBuffer.allocate(152).putLong(0x4e42444d41474943L).putLong(0x00420281861253L).array()
    };
    for (byte[] greeting : greetings) { // newstyle that is not fixed, and oldstyle
      try (LyingServer _ = server().greets(greeting).start()) {
        assertRefused("Server does not support STARTTLS", "info", "-f", "raw", secure());
      }
    }
  }

  @Test
  @DisplayName("CVE-2021-3716: what is said in the clear behind the answer to STARTTLS")
  void v42() throws IOException {
    var lie = new ByteArrayOutputStream();
    lie.writeBytes(new NbdOptionReply.Ack().encode(NbdOption.STARTTLS).array());
    lie.writeBytes(
        NbdOptionReply.Refusal.of(OptionError.UNSUPPORTED, "")
            .encode(NbdOption.EXTENDED_HEADERS)
            .array());
    lie.writeBytes(new NbdOptionReply.Ack().encode(NbdOption.STRUCTURED_REPLY).array());
    try (LyingServer server = server().lies(NbdOption.STARTTLS, lie.toByteArray()).start()) {
      assertRefused("TLS", "info", "-f", "raw", secure());
      assertEquals(List.of(NbdOption.STARTTLS), server.asked());
    }
  }

  /** What a program that lists exports is told without end, or as nonsense. */
  @Test
  @DisplayName("CVE-2021-20286: answers to options outside of any export")
  void v41() throws Exception {
    byte[] one = new NbdOptionReply.Server("n".repeat(4096), "d".repeat(4096)).encode(3).array();
    var endless = new ByteArrayOutputStream();
    for (int i = 0; i < 12_000; i++) {
      endless.writeBytes(one);
    }
    byte[] refused = NbdOptionReply.Refusal.of(OptionError.SHUTDOWN, "x").encode(3).array();
    byte[][] lies = {
      endless.toByteArray(),
      optionReply(3, 2, 8, 8), // a name of 0 bytes, which is right, but nothing behind
      optionReply(3, 2, 3, 3),
      optionReply(3, 2, -1, 0),
      optionReply(3, 77, 0, 0),
      refused,
      new byte[0],
      new byte[20]
    };
    var commands = new Commands(folder);
    commands.succeed(Commands.OURS, "--version"); // which may have to build first
    for (byte[] lie : lies) {
      try (LyingServer server = server().lies(NbdOption.LIST, lie).start()) {
        Commands.Outcome outcome =
            commands.run(List.of(Commands.OURS, "-L", "-k", folder.resolve("s").toString()));
        assertEquals(1, outcome.code(), outcome.text());
        assertTrue(outcome.text().startsWith("qemu-nbd: "), outcome.text());
        assertTrue(outcome.text().lines().count() <= 2, outcome.text());
        assertFalse(outcome.text().contains("Exception"), outcome.text());
        assertTrue(server.sent() < 32 << 20, "listened to without end");
      }
    }
  }

  @Test
  @DisplayName("CVE-2022-0485: a read that failed is copied as if it had not")
  void v43() throws IOException {
    byte[] content = new byte[1 << 20];
    try (LyingServer server =
        server()
            .replies(
                Command.READ,
                (r, out) -> {
                  if (r.offset() + r.length() > 1 << 19) {
                    ErrorChunk.put(out, false, 1, r.cookie(), r.offset(), NbdError.EIO, "broken");
                  } else {
                    ReplyChunk.putHole(
                        out, false, 1, r.cookie(), r.offset(), r.offset(), (int) r.length());
                  }
                })
            .start()) {
      String copy = folder.resolve("copy").toString();
      assertRefused(
          ": Input/output error", "convert", "-f", "raw", "-O", "qcow2", server.uri(), copy);
      Files.write(folder.resolve("same"), content);
      ToolCommand command =
          run("compare", "-f", "raw", "-F", "raw", server.uri(), folder.resolve("same").toString());
      assertTrue(command.code() > 1, "equal, or different, though nobody could read it");
    }
  }

  @Test
  @DisplayName("CVE-2023-5215: a size of 2^63 bytes and more")
  void v45() throws IOException {
    for (long size : new long[] {Long.MIN_VALUE, -1, -512}) {
      try (LyingServer server = server().size(size).start()) {
        assertRefused(
            "export size " + Long.toUnsignedString(size) + " is larger than 2^63 - 1",
            "info",
            "-f",
            "raw",
            server.uri());
      }
    }
  }

  @Test
  @DisplayName("CVE-2023-5871: flags of a status that are no flags, in 64 bits")
  void v46() throws IOException {
    for (long flags : new long[] {-1L, 1L << 63, 1L << 32, 0xffff_ffff_0000_0003L}) {
      try (LyingServer server =
          server()
              .extended()
              .replies(
                  Command.BLOCK_STATUS, (r, out) -> LyingServer.status(r, out, r.length(), flags))
              .start()) {
        ToolCommand command = run("map", "-f", "raw", "--output=json", server.uri());
        // What is not known is passed over, as the protocol asks.
        assertEquals(0, command.code(), command.errors());
        assertTrue(command.output().contains("\"zero\": " + ((flags & 2) != 0)), command.output());
      }
    }
  }

  @Test
  @DisplayName(
      "CVE-2025-47711, CVE-2025-47712: a status of 2^32 bytes and more, of none, or of many")
  void v49() throws IOException {
    long[] lengths = {0, -1, Long.MIN_VALUE};
    for (long length : lengths) {
      try (LyingServer server =
          server()
              .extended()
              .replies(Command.BLOCK_STATUS, (r, out) -> LyingServer.status(r, out, length, 0))
              .start()) {
        assertRefused("Invalid argument", "map", "-f", "raw", server.uri());
      }
    }
    for (long length : new long[] {1L << 32, (1L << 32) + 1, Long.MAX_VALUE}) {
      try (LyingServer server =
          server()
              .extended()
              .replies(Command.BLOCK_STATUS, (r, out) -> LyingServer.status(r, out, length, 0))
              .start()) {
        ToolCommand command = run("map", "-f", "raw", "--output=json", server.uri());
        assertEquals(0, command.code(), command.errors());
        assertTrue(command.output().contains("\"length\": 1048576"), command.output());
      }
    }
    try (LyingServer server =
        server()
            .replies(
                Command.BLOCK_STATUS,
                (r, out) -> {
                  ReplyChunk.putStatus(out, false, 1, r.cookie(), 0, LyingServer.CONTEXT, 1 << 29);
                  BlockDescriptor.put(out, false, 512, 0);
                })
            .start()) {
      assertRefused("Invalid argument", "map", "-f", "raw", server.uri());
    }
  }

  @Test
  @DisplayName("CVE-2025-14946: a URI whose host is a program's option")
  void v50() throws IOException {
    for (String scheme : List.of("nbd+ssh", "nbds+ssh", "nbd+vsock", "nbd+exec", "nbd+tcp")) {
      String pwned = folder.resolve("pwned").toString();
      for (String host : List.of("-oProxyCommand=touch%20" + pwned, "host;touch " + pwned)) {
        assertRefused("Could not open", "info", "-f", "raw", scheme + "://" + host + "/");
      }
      assertFalse(Files.exists(Path.of(pwned)));
    }
  }
}
