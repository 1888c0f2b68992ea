// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.chardev.Line;
import dev.strata.system.device.timer.TimeSource;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.machine.Actions;
import java.nio.ByteBuffer;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What firmware reads of how it is to boot. */
final class PcBootTest {
  private static PcMachine machine(PcBoot boot) {
    var configuration =
        new PcConfiguration(
            PcIdentity.DEFAULT,
            4 << 20,
            "idle",
            "bios",
            new byte[0x20000],
            List.of(),
            List.of(),
            Line.nowhere(),
            0,
            false,
            Actions.DEFAULT,
            boot,
            true,
            true,
            TimeSource.VIRTUAL,
            LocalDateTime.of(2024, 2, 29, 23, 59, 58),
            EventLog.unread());
    return new PcMachine(configuration, new IdleProcessor(), () -> "idle", Accelerator.QTEST);
  }

  private static int cmos(PcMachine machine, int address) {
    machine.ports().write(0x70, 1, address);
    return (int) machine.ports().read(0x71, 1);
  }

  private static byte[] item(PcMachine machine, int key, int length) {
    machine.ports().write(FirmwareConfig.PORT, 2, key);
    var bytes = new byte[length];
    for (int at = 0; at < length; at++) {
      bytes[at] = (byte) machine.ports().read(FirmwareConfig.PORT + 1, 1);
    }
    return bytes;
  }

  private static Map<String, byte[]> files(PcMachine machine) {
    int count = ByteBuffer.wrap(item(machine, 0x19, 4)).getInt();
    ByteBuffer entries = ByteBuffer.wrap(item(machine, 0x19, 4 + 64 * count)).position(4);
    var files = new HashMap<String, byte[]>();
    for (int entry = 0; entry < count; entry++) {
      int size = entries.getInt();
      int key = entries.getShort() & 0xffff;
      entries.getShort();
      var name = new byte[56];
      entries.get(name);
      files.put(new String(name, US_ASCII).replace("\0", ""), item(machine, key, size));
    }
    return files;
  }

  @Test
  void anotherOrderCountsUntilTheFirstReset() {
    try (var machine =
        machine(new PcBoot("cn", "da", false, -1, PcBoot.UNSAID, false, false, null, List.of()))) {
      machine.resetBoard(); // as power comes
      assertEquals(0x13, cmos(machine, 0x3d));
      assertEquals(1, cmos(machine, 0x38));
      machine.resetBoard();
      assertEquals(0x42, cmos(machine, 0x3d));
      machine.resetBoard();
      assertEquals(0x42, cmos(machine, 0x3d));
    }
  }

  @Test
  void romsHaveTheirPlacesInTheOrder() {
    byte[] rom = {0x55, (byte) 0xaa, 1};
    var roms =
        List.of(
            new PcBoot.Rom("late.bin", rom, 7),
            new PcBoot.Rom("none.bin", rom, -1),
            new PcBoot.Rom("early.bin", rom, 2));
    try (var machine = machine(new PcBoot("c", null, true, 1000, -1, true, true, null, roms))) {
      Map<String, byte[]> files = files(machine);
      assertEquals(
          "/rom@genroms/early.bin\n/rom@genroms/late.bin\nHALT\n\0",
          new String(files.get("bootorder"), US_ASCII));
      assertArrayEquals(rom, files.get("genroms/none.bin"));
      assertArrayEquals(new byte[] {(byte) 0xe8, 3}, files.get("etc/boot-menu-wait"));
      assertArrayEquals(new byte[] {-1, -1, -1, -1}, files.get("etc/boot-fail-wait"));
      assertArrayEquals(new byte[] {1, 0}, item(machine, 0xe, 2));
    }
  }

  @Test
  void aFileOfAUsersIsReadByItsName() {
    try (var machine = machine(PcBoot.DEFAULT)) {
      assertFalse(files(machine).containsKey("bootorder"));
      assertTrue(machine.addFirmwareFile("opt/strata/greeting", "hello".getBytes(US_ASCII)));
      assertFalse(machine.addFirmwareFile("opt/strata/greeting", new byte[1]));
      assertFalse(machine.addFirmwareFile("etc/e820", new byte[1]));
      assertArrayEquals("hello".getBytes(US_ASCII), files(machine).get("opt/strata/greeting"));
    }
  }
}
