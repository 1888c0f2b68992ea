// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** fw_cfg, by its specification. */
final class FirmwareConfigTest {
  private final AddressSpace space = new AddressSpace(1L << 40, 0);
  private final DeviceMemory memory = new DeviceMemory(space);
  private final FirmwareConfig device = new FirmwareConfig(memory);

  FirmwareConfigTest() {
    space.map(0, MemoryRegion.ram("ram", 0x10000, Arena.ofAuto()), 0);
    device.file("etc/greeting", "hello".getBytes(StandardCharsets.US_ASCII));
    device.reset();
  }

  private String read(int key, int length) {
    device.ports().write(0, 2, key);
    var text = new StringBuilder();
    for (int at = 0; at < length; at++) {
      text.append((char) device.ports().read(1, 1));
    }
    return text.toString();
  }

  private long operate(int control, long length, long address) {
    memory.write(0x100, 4, Integer.reverseBytes(control) & 0xffffffffL);
    memory.write(0x104, 4, Integer.reverseBytes((int) length) & 0xffffffffL);
    memory.write(0x108, 8, Long.reverseBytes(address));
    device.dmaPorts().write(4, 4, Integer.reverseBytes(0x100));
    return Integer.reverseBytes((int) memory.read(0x100, 4));
  }

  @Test
  void theSignatureAndZeroesBehindIt() {
    assertEquals("QEMU\0\0", read(0, 6));
  }

  @Test
  void theDirectoryNamesTheFile() {
    String directory = read(0x19, 68);
    assertEquals("\0\0\0\1\0\0\0\5\0\u0020\0\0etc/greeting\0", directory.substring(0, 25));
    assertEquals("hello", read(0x20, 5));
  }

  @Test
  void aReadByDmaFillsMemory() {
    assertEquals(0, operate(0x20 << 16 | 8 | 2, 8, 0x200));
    assertEquals(0x6c6c6568L, memory.read(0x200, 4));
    assertEquals(0x0000006fL, memory.read(0x204, 4));
  }

  @Test
  void skippingMovesTheOffset() {
    assertEquals(0, operate(0x20 << 16 | 8 | 4, 3, 0));
    assertEquals(0, operate(2, 2, 0x200));
    assertEquals(0x6f6cL, memory.read(0x200, 2));
  }

  @Test
  void writesAndReadsToWhereThereIsNoMemoryAreErrors() {
    assertEquals(1, operate(0x20 << 16 | 8 | 16, 4, 0x200));
    assertEquals(1, operate(0x20 << 16 | 8 | 2, 4, 0xfffe));
    assertEquals(1, operate(0x20 << 16 | 8 | 2, 0xffffffffL, 0));
    assertEquals(1, operate(0x20 << 16 | 8 | 2, 4, -4));
  }

  @Test
  void theDmaRegisterReadsAsItsSignature() {
    assertEquals(0x554d4551L, device.dmaPorts().read(0, 4));
    assertEquals(0x47464320L, device.dmaPorts().read(4, 4));
  }
}
