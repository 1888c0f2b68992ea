// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.system.chardev.Line;
import dev.strata.system.device.timer.TimeSource;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.Actions;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ACPI tables, placed as firmware would. */
final class PcAcpiTest {
  private static final Path DISASSEMBLER = Path.of("/usr/bin/iasl");

  private final FirmwareConfig device =
      new FirmwareConfig(new DeviceMemory(new AddressSpace(1L << 40, 0)));
  private final Map<String, byte[]> files = new HashMap<>();
  private final Map<String, Integer> places = new HashMap<>();
  private final ByteBuffer memory = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
  @TempDir Path folder;

  @BeforeEach
  void placeAsTheScriptSays() {
    Line line = Line.nowhere();
    var board =
        new PcConfiguration(
            PcIdentity.DEFAULT,
            128 << 20,
            "idle",
            "bios",
            new byte[0],
            List.of(),
            List.of(line, line),
            line,
            0x505,
            false,
            Actions.DEFAULT,
            PcBoot.DEFAULT,
            true,
            true,
            TimeSource.VIRTUAL,
            LocalDateTime.of(2024, 1, 1, 0, 0),
            EventLog.unread());
    new PcAcpi(128 << 20, board).describe(device);
    byte[] directory = item(0x19, 4 + 3 * 64);
    var entries = ByteBuffer.wrap(directory);
    assertEquals(3, entries.getInt());
    for (int at = 4; at < directory.length; at += 64) {
      String name = name(directory, at + 8);
      files.put(name, item(entries.getShort(at + 4) & 0xffff, entries.getInt(at)));
    }
    var script = ByteBuffer.wrap(files.get("etc/table-loader")).order(ByteOrder.LITTLE_ENDIAN);
    int free = 0x10000;
    for (int at = 0; at < script.limit(); at += 128) {
      String file = name(script.array(), at + 4);
      switch (script.getInt(at)) {
        case 1 -> {
          int alignment = script.getInt(at + 60);
          free = (free + alignment - 1) & -alignment;
          places.put(file, free);
          memory.put(free, files.get(file));
          free += files.get(file).length;
        }
        case 2 -> {
          int where = places.get(file) + script.getInt(at + 116);
          int target = places.get(name(script.array(), at + 60));
          memory.putInt(where, memory.getInt(where) + target);
        }
        default -> {
          int base = places.get(file);
          int start = base + script.getInt(at + 64);
          int sum = sum(start, script.getInt(at + 68));
          int where = base + script.getInt(at + 60);
          memory.put(where, (byte) (memory.get(where) - sum));
        }
      }
    }
  }

  private byte[] item(int key, int length) {
    device.ports().write(0, 2, key);
    var bytes = new byte[length];
    for (int at = 0; at < length; at++) {
      bytes[at] = (byte) device.ports().read(1, 1);
    }
    return bytes;
  }

  private static String name(byte[] bytes, int at) {
    int end = at;
    while (bytes[end] != 0) {
      end++;
    }
    return new String(bytes, at, end - at, US_ASCII);
  }

  private int sum(int start, int length) {
    int sum = 0;
    for (int at = start; at < start + length; at++) {
      sum += memory.get(at);
    }
    return sum & 0xff;
  }

  /** A table that a pointer leads to, whose checksum is right. */
  private int table(int pointer, String signature) {
    int at = memory.getInt(pointer);
    assertEquals(signature, new String(memory.array(), at, 4, US_ASCII));
    assertEquals(0, sum(at, memory.getInt(at + 4)), signature);
    return at;
  }

  @Test
  void everyTableIsReachedAndSound() {
    int root = places.get("etc/acpi/rsdp");
    assertEquals("RSD PTR ", new String(memory.array(), root, 8, US_ASCII));
    assertEquals(0, sum(root, 20));
    int index = table(root + 16, "RSDT");
    int fixed = table(index + 36, "FACP");
    table(index + 40, "APIC");
    int events = table(index + 44, "HPET");
    assertEquals(0x8086a201, memory.getInt(events + 36));
    assertEquals(0xfed00000L, memory.getLong(events + 44));
    table(fixed + 40, "DSDT");
    int shared = memory.getInt(fixed + 36);
    assertEquals(0, shared % 64);
    assertEquals("FACS", new String(memory.array(), shared, 4, US_ASCII));
    assertEquals(116, memory.getInt(fixed + 4));
    assertEquals(0x608, memory.getInt(fixed + 76));
  }

  /** Intel's own tool understands them. */
  @Test
  void theTablesCanBeDisassembled() throws Exception {
    assumeTrue(Files.exists(DISASSEMBLER), "no iasl (Debian's acpica-tools)");
    int index = memory.getInt(places.get("etc/acpi/rsdp") + 16);
    int fixed = memory.getInt(index + 36);
    String names = disassembled("dsdt", memory.getInt(fixed + 40));
    assertTrue(names.contains("EisaId (\"PNP0A03\")"), names);
    assertTrue(names.contains("Name (\\_S5, Package (0x04)"), names);
    assertTrue(names.contains("Device (COM2)"), names);
    assertTrue(names.contains("EisaId (\"PNP0400\")"), names);
    assertTrue(names.contains("Name (_HID, \"QEMU0001\")"), names);
    assertTrue(names.contains("OperationRegion (PEOR, SystemIO, 0x0505, One)"), names);
    assertTrue(names.contains("Return (PEPT)"), names);
    assertTrue(names.contains("PEPT = Arg0"), names);
    assertEquals(1 + 128, names.split("Package \\(0x04\\)", -1).length - 1, "routes, and S5");
    assertTrue(disassembled("facp", fixed).contains("SCI Interrupt : 0009"));
    assertTrue(disassembled("hpet", memory.getInt(index + 44)).contains("FED00000"));
    assertTrue(names.contains("EisaId (\"PNP0103\")"), names);
    assertTrue(disassembled("apic", memory.getInt(index + 40)).contains("I/O APIC"));
  }

  private String disassembled(String name, int at) throws Exception {
    var bytes = new byte[memory.getInt(at + 4)];
    memory.get(at, bytes);
    Path file = folder.resolve(name + ".dat");
    Files.write(file, bytes);
    Path told = folder.resolve(name + ".log");
    Process process =
        new ProcessBuilder(List.of(DISASSEMBLER.toString(), "-d", file.toString()))
            .redirectErrorStream(true)
            .redirectOutput(told.toFile())
            .start();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    String said = Files.readString(told);
    assertEquals(0, process.exitValue(), said);
    assertTrue(!said.contains("rror"), said);
    return Files.readString(folder.resolve(name + ".dsl"));
  }
}
