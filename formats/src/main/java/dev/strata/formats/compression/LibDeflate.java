// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The host's libdeflate, if it has one: it packs clusters in half of the time that the JDK's zlib
 * takes, and to less. To make its functions callable takes some tenths of a second.
 *
 * @see "libdeflate.h of libdeflate 1.14"
 */
final class LibDeflate {
  private static final String LIBRARY = "libdeflate.so.0";

  /** The library fills output up to so many bytes from its end. */
  private static final int PADDING = 16;

  /** {@code enum libdeflate_result}. */
  private static final int SUCCESS = 0;

  private static final @Nullable LibDeflate INSTALLED = load();

  /** The memory that a compressor or a decompressor of the library works with. */
  static final class State {
    private final MemorySegment memory;
    private @Nullable MemorySegment room;

    private State(MemorySegment memory) {
      this.memory = memory;
    }

    /** Native memory of that size for what is compressed, the same one if it is large enough. */
    private MemorySegment room(long bytes) {
      MemorySegment found = room;
      if (found == null || found.byteSize() < bytes) {
        found = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(Math.toIntExact(bytes)));
        room = found;
      }
      return found.asSlice(0, bytes);
    }
  }

  private final MethodHandle allocateCompressor;
  private final MethodHandle freeCompressor;
  private final MethodHandle[] compress; // without and with header and checksum
  private final MethodHandle allocateDecompressor;
  private final MethodHandle freeDecompressor;
  private final MethodHandle[] decompress; // the same

  private LibDeflate(SymbolLookup library) {
    Linker linker = Linker.nativeLinker();
    var packing = FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG);
    var unpacking =
        FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
    allocateCompressor =
        linker.downcallHandle(
            library.findOrThrow("libdeflate_alloc_compressor"),
            FunctionDescriptor.of(ADDRESS, JAVA_INT));
    freeCompressor =
        linker.downcallHandle(
            library.findOrThrow("libdeflate_free_compressor"), FunctionDescriptor.ofVoid(ADDRESS));
    compress =
        new MethodHandle[] {
          linker.downcallHandle(library.findOrThrow("libdeflate_deflate_compress"), packing),
          linker.downcallHandle(library.findOrThrow("libdeflate_zlib_compress"), packing)
        };
    allocateDecompressor =
        linker.downcallHandle(
            library.findOrThrow("libdeflate_alloc_decompressor"), FunctionDescriptor.of(ADDRESS));
    freeDecompressor =
        linker.downcallHandle(
            library.findOrThrow("libdeflate_free_decompressor"),
            FunctionDescriptor.ofVoid(ADDRESS));
    decompress =
        new MethodHandle[] {
          linker.downcallHandle(library.findOrThrow("libdeflate_deflate_decompress"), unpacking),
          linker.downcallHandle(library.findOrThrow("libdeflate_zlib_decompress"), unpacking)
        };
  }

  /** The library, or null if there is none that can be called. */
  static @Nullable LibDeflate installed() {
    return INSTALLED;
  }

  private static @Nullable LibDeflate load() {
    if (ADDRESS.byteSize() != Long.BYTES) {
      return null; // size_t is no long
    }
    try {
      return new LibDeflate(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
    } catch (IllegalArgumentException | UnsupportedOperationException | NoSuchElementException e) {
      return null; // not there, or not all of it, or no way to call it
    }
  }

  /** What compresses, for one thread at a time; null if there is no memory for it. */
  @Nullable State newCompressor(int level) {
    try {
      return state((MemorySegment) allocateCompressor.invokeExact(level));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** What decompresses, for one thread at a time; null if there is no memory for it. */
  @Nullable State newDecompressor() {
    try {
      return state((MemorySegment) allocateDecompressor.invokeExact());
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static @Nullable State state(MemorySegment memory) {
    return memory.address() == 0 ? null : new State(memory);
  }

  void freeCompressor(State state) {
    free(freeCompressor, state);
  }

  void freeDecompressor(State state) {
    free(freeDecompressor, state);
  }

  private static void free(MethodHandle function, State state) {
    try {
      function.invokeExact(state.memory);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Compresses all of {@code in}, which is native, to the start of {@code out}.
   *
   * @return how many bytes that took; 0 if there is no room for them and one more
   */
  int compress(boolean wrapped, State compressor, MemorySegment in, MemorySegment out) {
    MemorySegment room = compressor.room(out.byteSize() + PADDING);
    long length;
    try {
      length =
          (long)
              compress[wrapped ? 1 : 0].invokeExact(
                  compressor.memory, in, in.byteSize(), room, room.byteSize());
    } catch (Throwable e) {
      throw unexpected(e);
    }
    if (length >= out.byteSize()) {
      return 0;
    }
    MemorySegment.copy(room, 0, out, 0, length);
    return (int) length;
  }

  /**
   * Fills {@code out}; both segments are native. What lies behind the stream is not looked at.
   *
   * @return false if {@code in} does not fill it, or would go on
   */
  boolean decompress(boolean wrapped, State decompressor, MemorySegment in, MemorySegment out) {
    try {
      int result =
          (int)
              decompress[wrapped ? 1 : 0].invokeExact(
                  decompressor.memory, in, in.byteSize(), out, out.byteSize(), MemorySegment.NULL);
      return result == SUCCESS;
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
