// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.parallel.ParallelPort;
import dev.strata.system.device.timer.Hpet;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.firmware.acpi.AcpiTables;
import dev.strata.system.firmware.acpi.Aml;
import dev.strata.system.firmware.acpi.Resources;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What ACPI says of the board: its buses and chips, how interrupts are led, and how it is turned
 * off. Ports and interrupts that firmware chooses are as SeaBIOS does.
 *
 * @see "ACPI Specification 6.4, 5.2.8 to 5.2.12; ACPI 1.0b, 5.2.5 for the fixed description"
 */
final class PcAcpi {
  private static final int ROOM = 64 << 10;
  private static final int[] WIRE_INTERRUPTS = {10, 10, 11, 11}; // of the PCI wires
  private static final int CONTROL_INTERRUPT = 9;
  private static final int POWER = 0x600; // the power management's ports
  private static final long PCI_END = 0xfebfffffL; // below are addresses of cards
  private static final int LEVEL_HIGH = 0xd; // of an interrupt
  private static final int SLOTS = 32;

  private final long ramBelow;
  private final int serialPorts;
  private final boolean parallelPort;
  private final int panicPort; // 0 for none
  private final boolean systemManagement;
  private final boolean hpet;

  /**
   * Tables of a board.
   *
   * @param ramBelow bytes of RAM below 4 GiB
   */
  PcAcpi(long ramBelow, PcConfiguration board) {
    this.ramBelow = ramBelow;
    this.serialPorts = board.serial().size();
    this.parallelPort = board.parallel() != null;
    this.panicPort = board.panicPort();
    this.systemManagement = board.systemManagement();
    this.hpet = board.hpet();
  }

  void describe(FirmwareConfig firmware) {
    var tables = new AcpiTables(ROOM);
    int memory = tables.addPlain(sharedMemory());
    int names = tables.add("DSDT", 1, names());
    tables.seal(names);
    int fixed = tables.add("FACP", 1, fixedDescription());
    tables.point(fixed + 36, memory);
    tables.point(fixed + 40, names);
    tables.seal(fixed);
    int interrupts = tables.add("APIC", 1, interrupts());
    tables.seal(interrupts);
    int events = hpet ? tables.add("HPET", 1, events()) : 0;
    int index = tables.add("RSDT", 1, new byte[hpet ? 12 : 8]);
    tables.point(index + 36, fixed);
    tables.point(index + 40, interrupts);
    if (hpet) {
      tables.seal(events);
      tables.point(index + 44, events);
    }
    tables.seal(index);
    tables.publish(index, firmware);
  }

  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The table FACS, by which firmware and system speak to each other. */
  private static byte[] sharedMemory() {
    return buffer(64).put(new byte[] {'F', 'A', 'C', 'S'}).putInt(64).array();
  }

  private byte[] fixedDescription() {
    ByteBuffer body = buffer(116 - 36);
    body.putInt(0).putInt(0); // pointers
    body.put((byte) 1).put((byte) 0); // several APICs
    body.putShort((short) CONTROL_INTERRUPT);
    if (systemManagement) {
      body.putInt(0xb2).put((byte) 0xf1).put((byte) 0xf0).putShort((short) 0); // ACPI on and off
    } else {
      body.putInt(0).putInt(0); // it is always on
    }
    body.putInt(POWER).putInt(0).putInt(POWER + 4).putInt(0).putInt(0).putInt(POWER + 8);
    body.putInt(0).putInt(0); // no general events
    body.put((byte) 4).put((byte) 2).put((byte) 0).put((byte) 4).putInt(0);
    body.putShort((short) 0xfff).putShort((short) 0xfff); // it sleeps no deeper than HLT
    body.putInt(0).putShort((short) 0);
    body.put((byte) 0).put((byte) 0).put((byte) 0x32).put(new byte[3]); // the century's place
    body.putInt(1 | 1 << 2 | 1 << 5); // WBINVD works; every processor halts; no sleep button
    return body.array();
  }

  private static byte[] interrupts() {
    ByteBuffer body = buffer(8 + 8 + 12 + 5 * 10 + 6);
    body.putInt(0xfee00000).putInt(1); // there are two 8259s, too
    body.put((byte) 0).put((byte) 8).put((byte) 0).put((byte) 0).putInt(1);
    body.put((byte) 1).put((byte) 12).putShort((short) 0).putInt(0xfec00000).putInt(0);
    override(body, 0, 2, 0); // the timer
    for (int number : new int[] {5, CONTROL_INTERRUPT, 10, 11}) {
      override(body, number, number, LEVEL_HIGH);
    }
    body.put((byte) 4).put((byte) 6).put((byte) 0xff).putShort((short) 0).put((byte) 1);
    return body.array();
  }

  private static void override(ByteBuffer body, int isa, int line, int flags) {
    body.put((byte) 2).put((byte) 10).put((byte) 0).put((byte) isa);
    body.putInt(line).putShort((short) flags);
  }

  /**
   * The table HPET.
   *
   * @see "IA-PC HPET Specification 1.0a, 3.2.4"
   */
  private static byte[] events() {
    ByteBuffer body = buffer(56 - 36);
    body.putInt(Hpet.IDENTITY);
    body.putInt(0).putLong(Hpet.BASE); // in memory
    return body.array();
  }

  private byte[] names() {
    var aml = new Aml();
    aml.scope("\\_PR", processors -> processors.processor("CPU0", 0));
    aml.named("\\_S5").numbers(0, 0, 0, 0); // the type of sleep that is off
    aml.scope("\\_SB", this::board);
    return aml.bytes();
  }

  private void board(Aml board) {
    if (hpet) {
      chip(board, "HPET", "PNP0103", new Resources().memory(Hpet.BASE, Hpet.SIZE));
    }
    board.device("PCI0", this::bus);
  }

  private void bus(Aml bus) {
    bus.named("_HID").identifier("PNP0A03");
    bus.named("_ADR").number(0);
    bus.named("_UID").number(0);
    bus.named("_CRS")
        .resources(
            new Resources()
                .buses(0, 0xff)
                .ports(0xcf8, 8)
                .portsBehind(0, 0xcf7)
                .portsBehind(0xd00, 0xffff)
                .memoryBehind(0xa0000, 0xbffff, true)
                .memoryBehind(Math.max(ramBelow, 0x80000000L), PCI_END, false));
    bus.named("_PRT").list(SLOTS * 4, PcAcpi::routes);
    bus.device("ISA", this::isa);
  }

  private static void routes(Aml list) {
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int pin = 0; pin < 4; pin++) {
        boolean power = slot == 1 && pin == 0;
        int number = power ? CONTROL_INTERRUPT : WIRE_INTERRUPTS[(slot + pin - 1) & 3];
        list.numbers((long) slot << 16 | 0xffff, pin, 0, number);
      }
    }
  }

  private void isa(Aml isa) {
    isa.named("_ADR").number(0x10000);
    chip(isa, "RTC", "PNP0B00", new Resources().ports(0x70, 2).interrupt(8));
    chip(isa, "KBD", "PNP0303", new Resources().ports(0x60, 1).ports(0x64, 1).interrupt(1));
    chip(isa, "MOU", "PNP0F13", new Resources().interrupt(12));
    chip(
        isa,
        "FDC0",
        "PNP0700",
        new Resources().ports(0x3f2, 4).ports(0x3f7, 1).interrupt(6).dma(2));
    for (int port = 0; port < serialPorts; port++) {
      int number = port + 1;
      isa.device(
          "COM" + number,
          com -> {
            com.named("_HID").identifier("PNP0501");
            com.named("_UID").number(number);
            com.named("_CRS")
                .resources(
                    new Resources()
                        .ports(PcMachine.SERIAL_PORTS[number - 1], 8)
                        .interrupt(PcMachine.SERIAL_INTERRUPTS[number - 1]));
          });
    }
    if (parallelPort) {
      chip(
          isa,
          "LPT1",
          "PNP0400",
          new Resources()
              .ports(PcMachine.PARALLEL_PORT, ParallelPort.PORTS)
              .interrupt(PcMachine.PARALLEL_INTERRUPT));
    }
    if (panicPort != 0) {
      isa.device("PEVT", this::panic);
    }
  }

  /**
   * What a guest says by that it has panicked.
   *
   * @see "QEMU docs/specs/pvpanic, ACPI Interface"
   */
  private void panic(Aml device) {
    device.named("_HID").text("QEMU0001");
    device.named("_STA").number(15);
    device.named("_CRS").resources(new Resources().ports(panicPort, 1));
    device.port("PEOR", panicPort, "PEPT");
    device.method("RDPT", 0, code -> code.give("PEPT"));
    device.method("WRPT", 1, code -> code.store(0, "PEPT"));
  }

  private static void chip(Aml bus, String name, String identifier, Resources resources) {
    bus.device(
        name,
        chip -> {
          chip.named("_HID").identifier(identifier);
          chip.named("_CRS").resources(resources);
        });
  }
}
