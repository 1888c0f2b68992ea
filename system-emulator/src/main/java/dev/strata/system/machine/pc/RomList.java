// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.firmware.FirmwareConfig;
import java.util.List;
import java.util.Map;

/** What a machine begins with beside its disks, in lines for a monitor. */
final class RomList {
  private static final String RUN_BY_FIRMWARE = "genroms/";
  private static final List<String> PLACED =
      List.of("etc/acpi/tables", "etc/table-loader", "etc/acpi/rsdp"); // in the reference's order

  private RomList() {}

  /**
   * Option ROMs, firmware, and tables that firmware places.
   *
   * @param bios the name of firmware in ROM
   * @param biosBytes how long that is, or 0 if there is none
   */
  static String of(FirmwareConfig files, String bios, int biosBytes) {
    var text = new StringBuilder();
    Map<String, Integer> sizes = files.files();
    sizes.forEach((name, size) -> {
      if (name.startsWith(RUN_BY_FIRMWARE)) {
        text.append("fw=").append(name);
        end(text, size, name.substring(RUN_BY_FIRMWARE.length()));
      }
    });
    if (biosBytes > 0) {
      text.append("addr=").append(hex((1L << 32) - biosBytes, 16));
      text.append(" size=0x").append(hex(biosBytes, 6)).append(" mem=rom");
      text.append(" name=\"").append(bios).append("\"\n");
    }
    for (String name : PLACED) {
      Integer size = sizes.get(name);
      if (size != null) {
        end(text.append("/rom@").append(name), size, name);
      }
    }
    return text.toString();
  }

  private static void end(StringBuilder text, int size, String name) {
    text.append(" size=0x").append(hex(size, 6));
    text.append(" name=\"").append(name).append("\"\n");
  }

  private static String hex(long value, int digits) {
    String text = Long.toHexString(value);
    return "0".repeat(Math.max(0, digits - text.length())) + text;
  }
}
