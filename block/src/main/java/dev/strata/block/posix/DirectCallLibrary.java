// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the shared library behind {@link DirectCall}: one function of nine instructions, for
 * x86-64 under Linux. It needs no C compiler, and no C library when it runs.
 *
 * <p>An ELF file as short as the dynamic linker takes it (System V ABI, chapters 4 and 5): no
 * sections, one hash bucket, two symbols. One segment holds the file as it is, to read and execute;
 * a second one maps the dynamic section again where the linker may write, as older ones do.
 */
final class DirectCallLibrary {
  /** The name by which the JVM looks for the native method. */
  private static final String SYMBOL =
      "Java_" + DirectCall.class.getName().replace('.', '_') + "_syscall";

  private static final String NAME = "libstrata-calls.so";

  /**
   * {@code jlong syscall(JNIEnv*, jclass, jlong number, jlong a, jlong b, …, jlong f)}: a
   * function's arguments come in rdi, rsi, rdx, rcx, r8, r9 and on the stack; the kernel wants the
   * number in rax and a to f in rdi, rsi, rdx, r10, r8, r9 (System V ABI for x86-64, 3.2.3 and
   * A.2.1).
   */
  private static final int[] CODE = {
    0x48, 0x89, 0xd0, //             mov rax, rdx        number
    0x48, 0x89, 0xcf, //             mov rdi, rcx        a
    0x4c, 0x89, 0xc6, //             mov rsi, r8         b
    0x4c, 0x89, 0xca, //             mov rdx, r9         c
    0x4c, 0x8b, 0x54, 0x24, 0x08, // mov r10, [rsp + 8]  d
    0x4c, 0x8b, 0x44, 0x24, 0x10, // mov r8, [rsp + 16]  e
    0x4c, 0x8b, 0x4c, 0x24, 0x18, // mov r9, [rsp + 24]  f
    0x0f, 0x05, //                   syscall
    0xc3, //                         ret
  };

  private static final int PAGE = 0x1000;

  private static final int FILE_HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final int PROGRAM_HEADERS = 4;
  private static final int SYMBOL_SIZE = 24;
  private static final int DYNAMIC_ENTRY_SIZE = 16;
  private static final int DYNAMIC_ENTRIES = 7;

  // Where things are in the file; in memory too, but for the dynamic section.
  private static final int CODE_AT = FILE_HEADER_SIZE + PROGRAM_HEADERS * PROGRAM_HEADER_SIZE;
  private static final int HASH_AT = align(CODE_AT + CODE.length);
  private static final int HASH_WORDS = 5;
  private static final int SYMBOLS_AT = align(HASH_AT + HASH_WORDS * Integer.BYTES);
  private static final int DYNAMIC_AT = SYMBOLS_AT + 2 * SYMBOL_SIZE;
  private static final int STRINGS_AT = DYNAMIC_AT + DYNAMIC_ENTRIES * DYNAMIC_ENTRY_SIZE;
  private static final int STRINGS_SIZE = 1 + SYMBOL.length() + 1 + NAME.length() + 1;
  private static final int SIZE = STRINGS_AT + STRINGS_SIZE;

  private DirectCallLibrary() {}

  /** Writes the library to the file that the only argument names. */
  public static void main(String[] arguments) throws IOException {
    Files.write(Path.of(arguments[0]), bytes());
  }

  static byte[] bytes() {
    ByteBuffer file = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    putFileHeader(file);
    int readable = 4;
    int writable = 2;
    int executable = 1;
    putSegment(file, 1 /* PT_LOAD */, readable | executable, 0, 0, SIZE, PAGE);
    int dynamicSize = DYNAMIC_ENTRIES * DYNAMIC_ENTRY_SIZE;
    int dynamicAddress = DYNAMIC_AT + PAGE;
    putSegment(file, 1, readable | writable, DYNAMIC_AT, dynamicAddress, dynamicSize, PAGE);
    putSegment(
        file, 2 /* PT_DYNAMIC */, readable | writable, DYNAMIC_AT, dynamicAddress, dynamicSize, 8);
    // Without this one the JVM takes it that the library wants executable stacks.
    putSegment(file, 0x6474e551 /* PT_GNU_STACK */, readable | writable, 0, 0, 0, 16);

    for (int octet : CODE) {
      file.put((byte) octet);
    }

    // One bucket that starts with symbol 1, and a chain that ends there.
    file.position(HASH_AT).putInt(1).putInt(2).putInt(1).putInt(0).putInt(0);

    file.position(SYMBOLS_AT + SYMBOL_SIZE); // symbol 0 is all zeroes
    file.putInt(1); // its name, in the strings
    file.put((byte) 0x12).put((byte) 0); // global, a function, of default visibility
    file.putShort((short) 1); // defined: any section will do
    file.putLong(CODE_AT).putLong(CODE.length);

    file.position(DYNAMIC_AT);
    putDynamic(file, 4 /* DT_HASH */, HASH_AT);
    putDynamic(file, 5 /* DT_STRTAB */, STRINGS_AT);
    putDynamic(file, 6 /* DT_SYMTAB */, SYMBOLS_AT);
    putDynamic(file, 10 /* DT_STRSZ */, STRINGS_SIZE);
    putDynamic(file, 11 /* DT_SYMENT */, SYMBOL_SIZE);
    putDynamic(file, 14 /* DT_SONAME */, 1 + SYMBOL.length() + 1);
    putDynamic(file, 0 /* DT_NULL */, 0);

    file.put((byte) 0);
    file.put(SYMBOL.getBytes(US_ASCII)).put((byte) 0);
    file.put(NAME.getBytes(US_ASCII)).put((byte) 0);
    return file.array();
  }

  private static void putFileHeader(ByteBuffer file) {
    file.put((byte) 0x7f).put((byte) 'E').put((byte) 'L').put((byte) 'F');
    file.put((byte) 2).put((byte) 1).put((byte) 1); // 64 bits, little-endian, version 1
    file.position(16);
    file.putShort((short) 3).putShort((short) 62).putInt(1); // ET_DYN, EM_X86_64, version 1
    file.putLong(0); // no entry point
    file.putLong(FILE_HEADER_SIZE).putLong(0); // program headers follow; no section headers
    file.putInt(0).putShort((short) FILE_HEADER_SIZE);
    file.putShort((short) PROGRAM_HEADER_SIZE).putShort((short) PROGRAM_HEADERS);
    file.putShort((short) 64).putShort((short) 0).putShort((short) 0);
  }

  private static void putSegment(
      ByteBuffer file, int type, int flags, long offset, long address, long size, long alignment) {
    file.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address);
    file.putLong(size).putLong(size).putLong(alignment);
  }

  private static void putDynamic(ByteBuffer file, long tag, long value) {
    file.putLong(tag).putLong(value);
  }

  private static int align(int offset) {
    return (offset + 7) & -8;
  }
}
