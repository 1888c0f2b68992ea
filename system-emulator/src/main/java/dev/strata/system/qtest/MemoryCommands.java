// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.strata.system.memory.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Commands about physical memory: {@code read} and its like. */
final class MemoryCommands {
  /** The most bytes of one command. */
  static final int MOST_BYTES = 16 << 20;

  private static final int MOST_SET = 256 << 20; // which takes no buffer
  private static final int CHUNK = 4096;

  private final AddressSpace memory;

  MemoryCommands(AddressSpace memory) {
    this.memory = memory;
  }

  /** The answer to one of these commands, or null if it is none of them. */
  @Nullable String answer(Words words) throws RefusalException {
    String command = words.command();
    switch (command) {
      case "readb", "readw", "readl", "readq" -> {
        long value = memory.read(words.number(1), width(command));
        return "OK 0x" + HexFormat.of().toHexDigits(value);
      }
      case "writeb", "writew", "writel", "writeq" ->
          memory.write(words.number(1), width(command), words.number(2));
      case "read" -> {
        return "OK 0x" + HexFormat.of().formatHex(read(words, words.size(2, MOST_BYTES)));
      }
      case "b64read" -> {
        int size = (int) words.number(2, MOST_BYTES);
        return "OK " + Base64.getEncoder().encodeToString(read(words, size));
      }
      case "write" -> write(words);
      case "b64write" -> writeBase64(words);
      case "memset" -> set(words);
      default -> {
        return null;
      }
    }
    return "OK";
  }

  static int width(String command) {
    return switch (command.charAt(command.length() - 1)) {
      case 'b' -> 1;
      case 'w' -> 2;
      case 'l' -> 4;
      default -> 8;
    };
  }

  private byte[] read(Words words, int size) throws RefusalException {
    long address = words.number(1);
    var bytes = new byte[size];
    memory.read(address, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Hexadecimal digits behind 0x; what is missing at the end is zeroes. */
  private void write(Words words) throws RefusalException {
    long address = words.number(1);
    var bytes = new byte[words.size(2, MOST_BYTES)];
    String digits = words.text(3);
    if (!digits.startsWith("0x")) {
      throw new RefusalException("FAIL write: bytes are digits behind 0x");
    }
    int given = Math.min((digits.length() - 2) / 2, bytes.length);
    try {
      byte[] decoded = HexFormat.of().parseHex(digits, 2, 2 + 2 * given);
      System.arraycopy(decoded, 0, bytes, 0, given);
    } catch (IllegalArgumentException _) {
      throw new RefusalException("FAIL write: bytes are digits behind 0x");
    }
    memory.write(address, MemorySegment.ofArray(bytes));
  }

  /** As many bytes as are given and asked for: fewer, if the two differ. */
  private void writeBase64(Words words) throws RefusalException {
    long address = words.number(1);
    int size = (int) words.number(2, MOST_BYTES);
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(words.text(3).getBytes(ISO_8859_1));
    } catch (IllegalArgumentException _) {
      throw new RefusalException("FAIL b64write: not base64");
    }
    int given = Math.min(size, bytes.length);
    memory.write(address, MemorySegment.ofArray(bytes).asSlice(0, given));
  }

  private void set(Words words) throws RefusalException {
    long address = words.number(1);
    long size = words.number(2, MOST_SET);
    byte value = (byte) words.number(3);
    MemorySegment chunk = MemorySegment.ofArray(new byte[CHUNK]).fill(value);
    for (long at = 0; at < size; at += CHUNK) {
      memory.write(address + at, chunk.asSlice(0, Math.min(CHUNK, size - at)));
    }
  }
}
