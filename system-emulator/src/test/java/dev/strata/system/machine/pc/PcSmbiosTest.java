// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The SMBIOS tables, as firmware gets them; what is expected was read from a reference's memory.
 */
final class PcSmbiosTest {
  private static final long GIB = 1 << 30;

  private final FirmwareConfig device =
      new FirmwareConfig(new DeviceMemory(new AddressSpace(1L << 40, 0)));

  private byte[] item(int key, int length) {
    device.ports().write(0, 2, key);
    var bytes = new byte[length];
    for (int at = 0; at < length; at++) {
      bytes[at] = (byte) device.ports().read(1, 1);
    }
    return bytes;
  }

  /** Type, length, handle and what follows of each structure, and its strings. */
  private List<String> structures(PcIdentity identity, long memory, long below) {
    new PcSmbios(identity, memory, below).describe(device);
    var directory = ByteBuffer.wrap(item(0x19, 4 + 2 * 64));
    assertEquals(2, directory.getInt());
    byte[] table = item(0x20, directory.getInt(4));
    byte[] entry = item(0x21, directory.getInt(68));
    assertEquals("_SM_", new String(entry, 0, 4, ISO_8859_1));
    assertEquals(0, sum(entry, 0));
    assertEquals("_DMI_", new String(entry, 16, 5, ISO_8859_1));
    assertEquals(0, sum(entry, 16));
    ByteBuffer numbers = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(table.length, numbers.getShort(22));
    var found = new ArrayList<String>();
    int largest = 0;
    for (int at = 0; at < table.length; ) {
      int end = at + table[at + 1];
      String line = HexFormat.of().formatHex(table, at, end);
      int from = at;
      at = end;
      while (table[at] != 0 || at == end) {
        int start = at;
        while (table[at] != 0) {
          at++;
        }
        line += "|" + new String(table, start, at - start, ISO_8859_1);
        at++;
      }
      at++;
      largest = Math.max(largest, at - from);
      found.add(line);
    }
    assertEquals(largest, numbers.getShort(8));
    assertEquals(found.size(), numbers.getShort(28));
    return found;
  }

  private static int sum(byte[] bytes, int from) {
    int sum = 0;
    for (int at = from; at < bytes.length; at++) {
      sum += bytes[at];
    }
    return sum & 0xff;
  }

  private static String hex(String spaced) {
    return spaced.replace(" ", "");
  }

  @Test
  void aBoardOfFiveGibibytesIsAsTheReferences() {
    assertEquals(
        List.of(
            hex("01 1b 0001 01 02 03 00 00000000 0000 0000 0000000000000000 06 00 00")
                + "|QEMU|Standard PC (i440FX + PIIX, 1996)|pc-i440fx-7.2",
            hex("03 16 0003 01 01 02 00 00 03 03 03 02 00000000 00 00 00 00 00")
                + "|QEMU|pc-i440fx-7.2",
            hex("04 2a 0004 01 03 01 02 0000000000000000 03 00 0000 d007 d007 41 01")
                + hex("ffff ffff ffff 00 00 00 01 01 01 0200 0100")
                + "|CPU 0|QEMU|pc-i440fx-7.2",
            hex("10 17 0010 01 03 06 00005000 feff 0100 0000000000000000") + "|",
            hex("11 28 0011 0010 feff ffff ffff 0014 09 00 01 00 07 0200 0000 02 00 00 00 00")
                + hex("00000000 0000 0000 0000 0000")
                + "|DIMM 0|QEMU",
            hex("13 1f 0013 00000000 ffff2f00 0010 01 0000000000000000 0000000000000000") + "|",
            hex("13 1f 0113 00004000 ffff5f00 0010 01 0000000000000000 0000000000000000") + "|",
            hex("20 0b 0020 000000000000 00") + "|",
            hex("7f 04 007f") + "|"),
        structures(PcIdentity.DEFAULT, 5 * GIB, 3 * GIB));
  }

  @Test
  void whatIsChosenIsInTheFirstStructure() {
    var identity =
        new PcIdentity(
            "Strata",
            "box",
            "2",
            "S123",
            UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"),
            null,
            "boxes");
    assertEquals(
        hex("01 1b 0001 01 02 03 04 67452301 ab89 efcd 0123456789abcdef 06 00 05")
            + "|Strata|box|2|S123|boxes",
        structures(identity, GIB, GIB).getFirst());
  }

  @Test
  void largeMemoryIsOfSeveralModules() {
    long modules =
        structures(PcIdentity.DEFAULT, 40 * GIB, 3 * GIB).stream()
            .filter(line -> line.startsWith("1128"))
            .count();
    assertEquals(3, modules);
  }
}
