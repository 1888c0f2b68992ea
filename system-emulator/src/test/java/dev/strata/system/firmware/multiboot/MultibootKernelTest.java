// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that say wrong things of themselves are refused, in the words that the reference has. */
final class MultibootKernelTest {
  private static final int MAGIC = 0x1badb002;
  private static final int MEGABYTE = 1 << 20;
  private static final int RAM = 64 << 20;
  private static final int LENGTH = 512;
  private static final int LOADABLE = 1;

  private static ByteBuffer header(int size, int at, int flags) {
    var out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(at, MAGIC).putInt(at + 4, flags).putInt(at + 8, -(MAGIC + flags));
    return out;
  }

  private static MultibootKernel kernel(byte[] image, BootModule... modules) throws BlockException {
    MultibootHeader found = requireNonNull(MultibootHeader.find(image));
    return MultibootKernel.of(image, found, "kernel ", List.of(modules), RAM);
  }

  private static String refusal(byte[] image, BootModule... modules) {
    return assertThrows(BlockException.class, () -> kernel(image, modules)).getMessage();
  }

  private static byte[] withAddresses(long header, long load, long loadEnd, long zeroesEnd) {
    ByteBuffer out = header(LENGTH, 0, 1 << 16);
    out.putInt(12, (int) header).putInt(16, (int) load).putInt(20, (int) loadEnd);
    return out.putInt(24, (int) zeroesEnd).array();
  }

  @ParameterizedTest
  @CsvSource({
    "0x100000, 0x100004, 0, 0, invalid load_addr address",
    "0x200000, 0x100000, 0, 0, invalid header_addr address",
    "0x100000, 0x100000, 0x90000, 0, invalid load_end_addr address",
    "0x100000, 0x100000, 0, 0x100010, invalid bss_end_addr address",
    "0x100000, 0x100000, 0x100201, 0, fread() failed",
    "0x100000, 0x100000, 0xffffffff, 0, fread() failed",
    "0x100000, 0x100000, 0, 0xfffff000, kernel and modules do not fit into RAM",
    "0xfffffff0, 0xfffffff0, 0, 0, kernel and modules do not fit into RAM",
  })
  void wrongAddresses(String header, String load, String loadEnd, String zeroes, String message) {
    byte[] image =
        withAddresses(
            Long.decode(header), Long.decode(load), Long.decode(loadEnd), Long.decode(zeroes));
    assertEquals(message, refusal(image));
  }

  @Test
  void theBootInformationIsNotOverwritten() {
    assertEquals(
        "a part of the kernel for address 0xff00 would overwrite what it is started with",
        refusal(withAddresses(0xff00, 0xff00, 0, 0)));
  }

  @Test
  void headerIsLookedForInTheFirst8192BytesAtMultiplesOfFour() throws BlockException {
    int last = 8192 - 12;
    assertEquals(
        last, requireNonNull(MultibootHeader.find(header(9000, last, 0).array())).offset());
    assertNull(MultibootHeader.find(header(9000, last + 4, 0).array()));
    assertNull(MultibootHeader.find(header(9000, 2, 0).array()));
    assertNull(MultibootHeader.find(new byte[0]));
    ByteBuffer wrongSum = header(9000, 0, 0).putInt(8, 1);
    assertNull(MultibootHeader.find(wrongSum.array()));
  }

  @Test
  void headerWhoseAddressesAreCutOffIsRefused() {
    byte[] image = header(31, 0, 1 << 16).array();
    assertThrows(BlockException.class, () -> MultibootHeader.find(image));
  }

  private static ByteBuffer elf(int programHeaders) {
    ByteBuffer out = header(LENGTH, 256, 0);
    out.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1).putShort(18, (short) 3);
    out.putInt(28, 64).putShort(44, (short) programHeaders);
    return out;
  }

  private static ByteBuffer segment(ByteBuffer out, int index, int... fields) {
    out.putInt(64 + 32 * index, LOADABLE);
    for (int at = 0; at < fields.length; at++) {
      out.putInt(64 + 32 * index + 4 + 4 * at, fields[at]);
    }
    return out;
  }

  @Test
  void wrongElfFiles() {
    String wrong = "Error while loading elf kernel";
    assertEquals(wrong, refusal(header(LENGTH, 0, 0).array()), "no ELF file");
    assertEquals(wrong, refusal(elf(0).array()), "nothing to load");
    assertEquals(wrong, refusal(elf(0xffff).array()), "more headers than bytes");
    assertEquals(wrong, refusal(elf(1).putInt(28, -32).array()), "headers beyond the file");
    int mib = MEGABYTE;
    assertEquals(wrong, refusal(segment(elf(1), 0, 256, mib, mib, 257, 300).array()), "too long");
    assertEquals(wrong, refusal(segment(elf(1), 0, -1, mib, mib, 2, 2).array()), "offset");
    assertEquals(wrong, refusal(segment(elf(1), 0, 0, mib, mib, 9, 8).array()), "cut in memory");
    assertEquals(
        "Cannot load x86-64 image, give a 32bit one.",
        refusal(elf(1).put(4, (byte) 2).putShort(18, (short) 62).array()));
    assertEquals(
        "kernel and modules do not fit into RAM",
        refusal(segment(elf(1), 0, 0, mib, mib, 8, -8).array()));
  }

  @Test
  void whatLiesBetweenLowMemoryAndOneMebibyteIsLeftOut() throws BlockException {
    // The linker's: the file's headers right below the code.
    byte[] image = segment(elf(1), 0, 0, 0, MEGABYTE - 256, 512, 1024).array();
    MultibootKernel kernel = kernel(image);
    MultibootKernel.Part code = kernel.parts().getFirst();
    assertEquals(MEGABYTE, code.address());
    assertEquals(256, code.offset());
    assertEquals(256, code.length());
    assertEquals(List.of(new MultibootKernel.Cleared(MEGABYTE + 256, 512)), kernel.cleared());
  }

  @Test
  void modulesAreBoundedByRamAndByNumber() {
    byte[] image = segment(elf(1), 0, 0, MEGABYTE, MEGABYTE, 512, 512).array();
    assertEquals(
        "kernel and modules do not fit into RAM",
        refusal(image, new BootModule("large", new byte[RAM - MEGABYTE])));
    var many = Collections.nCopies(1000, new BootModule("m", new byte[1]));
    assertEquals(
        "the kernel has too many modules", refusal(image, many.toArray(BootModule[]::new)));
  }
}
