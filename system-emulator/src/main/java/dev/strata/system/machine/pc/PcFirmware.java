// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.system.device.timer.RealTimeClock;
import dev.strata.system.firmware.BootKernel;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.firmware.OptionRom;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What SeaBIOS is told of a PC.
 *
 * @see "SeaBIOS, docs/Runtime_config.md; QEMU docs/specs/fw_cfg"
 */
final class PcFirmware {
  // Items of fw_cfg that are no files.
  private static final int UUID = 2;
  private static final int RAM_SIZE = 3;
  private static final int NO_GRAPHICS = 4;
  private static final int PROCESSORS = 5;
  private static final int BOOT_MENU = 0xe;
  private static final int MOST_PROCESSORS = 0xf;
  private static final int TIMER_OVERRIDE = 0x8002;
  private static final int EQUIPMENT = 6; // a coprocessor, a PS/2 mouse
  private static final int KERNEL_PARTS = 0x3f00; // generic keys that nothing else has

  private final FirmwareConfig firmware;
  private final PcMemory ram;

  PcFirmware(FirmwareConfig firmware, PcMemory ram) {
    this.firmware = firmware;
    this.ram = ram;
  }

  void describe(PcConfiguration configuration) {
    PcIdentity identity = configuration.identity();
    firmware.item(UUID, identity.uuidBytes());
    firmware.item64(RAM_SIZE, ram.size());
    firmware.item16(NO_GRAPHICS, configuration.serialConsole() ? 1 : 0);
    firmware.item16(PROCESSORS, 1);
    firmware.item16(MOST_PROCESSORS, 1);
    firmware.item32(TIMER_OVERRIDE, 1);
    firmware.file("etc/e820", ram.map().encode());
    if (configuration.serialConsole()) {
      firmware.file("etc/sercon-port", new byte[] {(byte) 0xf8, 3});
    }
    int panic = configuration.panicPort();
    if (panic != 0) {
      firmware.file("etc/pvpanic-port", new byte[] {(byte) panic, (byte) (panic >> 8)});
    }
    new PcAcpi(ram.below(), configuration).describe(firmware);
    new PcSmbios(identity, ram.size(), ram.below()).describe(firmware);
    describe(configuration.boot());
  }

  private void describe(PcBoot boot) {
    if (boot.menu()) {
      firmware.item16(BOOT_MENU, 1);
    }
    if (boot.menuMillis() >= 0) {
      firmware.file("etc/boot-menu-wait", number(boot.menuMillis(), Short.BYTES));
    }
    if (boot.failMillis() != PcBoot.UNSAID) {
      firmware.file("etc/boot-fail-wait", number(boot.failMillis(), Integer.BYTES));
    }
    var order = new TreeMap<Integer, List<String>>();
    BootKernel kernel = boot.kernel();
    if (kernel != null) {
      firmware.file(kernel.romFile(), kernel.rom(firmware, KERNEL_PARTS));
      order
          .computeIfAbsent(0, index -> new ArrayList<>())
          .add(OptionRom.bootName(kernel.romFile()));
    }
    for (PcBoot.Rom rom : boot.roms()) {
      String file = "genroms/" + rom.name();
      firmware.file(file, rom.content());
      if (rom.bootIndex() >= 0) {
        order
            .computeIfAbsent(rom.bootIndex(), index -> new ArrayList<>())
            .add(OptionRom.bootName(file));
      }
    }
    if (!order.isEmpty()) {
      var lines = new StringBuilder();
      order.values().forEach(names -> names.forEach(name -> lines.append(name).append('\n')));
      lines.append(boot.strict() ? "HALT\n\0" : "\0");
      firmware.file("bootorder", lines.toString().getBytes(US_ASCII));
    }
  }

  private static byte[] number(int value, int bytes) {
    var content = new byte[bytes];
    for (int at = 0; at < bytes; at++) {
      content[at] = (byte) (value >> (8 * at));
    }
    return content;
  }

  /**
   * The boot order where firmware looks that has been told nothing else.
   *
   * @param floppySignature whether it looks at a floppy's signature
   */
  static void bootOrder(RealTimeClock time, String letters, boolean floppySignature) {
    int order = 0;
    int shift = 0;
    for (int index = 0; index < letters.length() && shift < 12; index++) {
      int code =
          switch (letters.charAt(index)) {
            case 'a' -> 1;
            case 'c' -> 2;
            case 'd' -> 3;
            case 'n' -> 4;
            default -> 0;
          };
      order |= code << shift;
      shift += 4;
    }
    time.set(0x3d, order & 0xff);
    time.set(0x38, order >> 8 << 4 | (floppySignature ? 0 : 1));
  }

  /** Which floppy drives there are, where PCs have kept that. */
  static void floppies(RealTimeClock time, int first, int second) {
    time.set(0x10, first << 4 | second);
    int count = (first == 0 ? 0 : 1) + (second == 0 ? 0 : 1);
    int present = count == 0 ? 0 : 1 | (count - 1) << 6;
    time.set(0x14, EQUIPMENT | present);
  }
}
