// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;

/** The memory of one request. */
final class RequestBuffer implements AutoCloseable {
  /** A request whose bytes are all alike, or do not matter, uses this much memory for all parts. */
  private static final int SHARED_BYTES = 2 << 20;

  private static final int MISALIGNMENT = 16;

  private static final int DUMP_WIDTH = 16;

  private final BufferPool.Buffer buffer;
  private final MemorySegment memory;
  private final IoVector vector;

  private RequestBuffer(BufferPool.Buffer buffer, MemorySegment memory, IoVector vector) {
    this.buffer = buffer;
    this.memory = memory;
    this.vector = vector;
  }

  /** Memory for each byte, in parts of those lengths. */
  static RequestBuffer of(Session session, long... lengths) throws CommandFailure {
    return allocate(session, Words.sum(lengths), lengths);
  }

  /** Memory in parts that may share it: for content that is uniform or does not matter. */
  static RequestBuffer shared(Session session, long... lengths) throws CommandFailure {
    return allocate(session, Math.min(Words.sum(lengths), SHARED_BYTES), lengths);
  }

  private static RequestBuffer allocate(Session session, long size, long[] lengths)
      throws CommandFailure {
    int shift = session.misaligned() ? MISALIGNMENT : 0;
    BufferPool.Buffer buffer;
    try {
      buffer = session.graph().buffers().acquire(size + shift);
    } catch (OutOfMemoryError e) {
      throw CommandFailure.error("Cannot allocate " + size + " bytes of memory");
    }
    MemorySegment memory = buffer.segment().asSlice(shift, size);
    return new RequestBuffer(buffer, memory, divide(memory, lengths));
  }

  private static IoVector divide(MemorySegment memory, long[] lengths) {
    if (lengths.length == 1 && lengths[0] == memory.byteSize()) {
      return IoVector.of(memory);
    }
    var parts = new ArrayList<MemorySegment>();
    long at = 0;
    for (long length : lengths) {
      for (long left = length; left > 0; ) {
        at = at == memory.byteSize() ? 0 : at;
        long part = Math.min(left, memory.byteSize() - at);
        parts.add(memory.asSlice(at, part));
        at += part;
        left -= part;
      }
    }
    return parts.isEmpty() ? IoVector.empty() : IoVector.of(parts);
  }

  IoVector vector() {
    return vector;
  }

  RequestBuffer fill(byte value) {
    memory.fill(value);
    return this;
  }

  /** Fills the memory with a file's first bytes, again and again. */
  RequestBuffer fillFrom(String filename) throws CommandFailure {
    long length = 0;
    try (InputStream file = Files.newInputStream(Path.of(filename))) {
      byte[] piece = new byte[1 << 16];
      while (length < memory.byteSize()) {
        int count = file.read(piece, 0, (int) Math.min(piece.length, memory.byteSize() - length));
        if (count < 0) {
          break;
        }
        MemorySegment.copy(piece, 0, memory, ValueLayout.JAVA_BYTE, length, count);
        length += count;
      }
    } catch (NoSuchFileException e) {
      throw CommandFailure.plain(filename + ": No such file or directory");
    } catch (IOException e) {
      throw CommandFailure.plain(filename + ": " + reason(e));
    }
    if (length == 0) {
      throw CommandFailure.plain(filename + ": file is empty");
    }
    for (long filled = length; filled < memory.byteSize(); ) {
      long part = Math.min(filled, memory.byteSize() - filled);
      MemorySegment.copy(memory, 0, memory, filled, part);
      filled += part;
    }
    return this;
  }

  private static String reason(IOException e) {
    return e instanceof AccessDeniedException
        ? "Permission denied"
        : String.valueOf(e.getMessage());
  }

  /** Whether the bytes of the range are all {@code value}; the memory is not shared. */
  boolean isFilled(long offset, long length, byte value) {
    long word = (value & 0xffL) * 0x0101010101010101L;
    long end = offset + length;
    long at = offset;
    for (; at + 8 <= end; at += 8) {
      if (memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != word) {
        return false;
      }
    }
    for (; at < end; at++) {
      if (memory.get(ValueLayout.JAVA_BYTE, at) != value) {
        return false;
      }
    }
    return true;
  }

  /** Prints the bytes, 16 a line; {@code offset} is that of the first. */
  void dump(PrintStream output, long offset) {
    var line = new StringBuilder();
    for (long start = 0; start < memory.byteSize(); start += DUMP_WIDTH) {
      line.setLength(0);
      String place = Long.toHexString(offset + start);
      line.append("0".repeat(Math.max(0, 8 - place.length()))).append(place).append(":  ");
      int count = (int) Math.min(DUMP_WIDTH, memory.byteSize() - start);
      for (int i = 0; i < count; i++) {
        int value = memory.get(ValueLayout.JAVA_BYTE, start + i) & 0xff;
        line.append(Character.forDigit(value >> 4, 16));
        line.append(Character.forDigit(value & 15, 16)).append(' ');
      }
      line.append(' ');
      for (int i = 0; i < count; i++) {
        char c = (char) (memory.get(ValueLayout.JAVA_BYTE, start + i) & 0xff);
        boolean shown = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        line.append(shown ? c : '.');
      }
      output.append(line.append('\n'));
    }
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    buffer.close();
  }
}
