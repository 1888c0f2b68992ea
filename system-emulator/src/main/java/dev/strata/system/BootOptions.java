// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.system.firmware.BootKernel;
import dev.strata.system.machine.pc.PcBoot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What firmware is to do: {@code -boot}, {@code -option-rom}, {@code -fw_cfg}. */
final class BootOptions {
  private static final int LONGEST_NAME = 55;
  private static final int MOST_MILLIS = 0xffff;

  /** A file for firmware: the option as given, its name, and what it holds. */
  record FirmwareItem(String given, String name, byte[] content) {}

  private record RomOption(String given, String file, int bootIndex) {}

  private final List<FirmwareItem> items = new ArrayList<>();
  private final List<RomOption> roms = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private String order = PcBoot.DEFAULT.order();
  private @Nullable String once;
  private boolean menu;
  private int menuMillis = -1;
  private int failMillis = PcBoot.UNSAID;
  private boolean strict;
  private boolean floppySignature = true;

  BootOptions() {}

  /** Files that firmware and guests find under their names. */
  List<FirmwareItem> items() {
    return items;
  }

  /** What is odd, but works. */
  List<String> warnings() {
    return warnings;
  }

  /** A floppy without a boot sector's signature is booted, too. */
  void anyFloppy() {
    floppySignature = false;
  }

  void boot(String text) throws BlockException {
    BlockOptions options = OptionString.parse(text, "order", null);
    String letters = options.takeString("order");
    if (letters != null) {
      order = checked(letters);
    }
    String first = options.takeString("once");
    if (first != null) {
      once = checked(first);
    }
    menu = isOn(options, "menu", menu);
    strict = isOn(options, "strict", strict);
    Long wait = number(options, "splash-time");
    if (wait != null) {
      if (wait < 0 || wait > MOST_MILLIS) {
        throw CommandLine.error("splash-time is invalid,it should be a value between 0 and 65535");
      }
      menuMillis = wait.intValue();
    }
    Long again = number(options, "reboot-timeout");
    if (again != null) {
      if (again < -1 || again > MOST_MILLIS) {
        throw CommandLine.error(
            "reboot timeout is invalid,it should be a value between -1 and 65535");
      }
      failMillis = again.intValue();
    }
    for (String name : options.names()) {
      throw CommandLine.error(
          name.equals("splash")
              ? "-boot " + text + ": firmware's pictures are not supported"
              : "Parameter 'boot." + name + "' is unexpected");
    }
  }

  private static String checked(String letters) throws BlockException {
    for (int index = 0; index < letters.length(); index++) {
      char letter = letters.charAt(index);
      if (letter < 'a' || letter > 'p') {
        throw CommandLine.error("Invalid boot device '" + letter + "'");
      }
      if (letters.indexOf(letter) < index) {
        throw CommandLine.error("Boot device '" + letter + "' was given twice");
      }
    }
    return letters;
  }

  private static boolean isOn(BlockOptions options, String name, boolean otherwise)
      throws BlockException {
    String text = options.takeString(name);
    if (text == null) {
      return otherwise;
    }
    if (!text.equals("on") && !text.equals("off")) {
      throw CommandLine.error("Parameter 'boot." + name + "' expects 'on' or 'off'");
    }
    return text.equals("on");
  }

  private static @Nullable Long number(BlockOptions options, String name) throws BlockException {
    String text = options.takeString(name);
    try {
      return text == null ? null : Long.valueOf(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw CommandLine.error("Parameter 'boot." + name + "' expects integer");
    }
  }

  void rom(String text) throws BlockException {
    String given = "-option-rom " + text;
    BlockOptions options = parsed(given, text, "romfile");
    String file = options.takeString("romfile");
    String index = options.takeString("bootindex");
    for (String name : options.names()) {
      throw CommandLine.error(given + ": Invalid parameter '" + name + "'");
    }
    if (file == null) {
      throw CommandLine.error(given + ": Option ROM file is not specified");
    }
    try {
      roms.add(new RomOption(given, file, index == null ? -1 : Integer.parseInt(index)));
    } catch (NumberFormatException e) {
      throw CommandLine.error(given + ": Parameter 'bootindex' expects a number");
    }
  }

  void item(String text) throws BlockException {
    String given = "-fw_cfg " + text;
    BlockOptions options = parsed(given, text, "name");
    String name = options.takeString("name");
    String string = options.takeString("string");
    String file = options.takeString("file");
    if (options.names().contains("gen_id")) {
      throw CommandLine.error(given + ": objects that make items are not supported");
    }
    for (String other : options.names()) {
      throw CommandLine.error(given + ": Invalid parameter '" + other + "'");
    }
    if (name == null || name.isEmpty() || (string == null) == (file == null)) {
      throw CommandLine.error(
          given + ": name, plus exactly one of file, string and gen_id, are needed");
    }
    if (name.length() > LONGEST_NAME) {
      throw CommandLine.error(given + ": name too long (max. " + LONGEST_NAME + " char)");
    }
    if (!isAscii(name)) {
      throw CommandLine.error(given + ": a name is of ASCII characters");
    }
    if (!name.startsWith("opt/")) {
      warnings.add(
          given
              + ": warning: externally provided fw_cfg item names should be prefixed with"
              + " \"opt/\"");
    }
    byte[] content =
        string != null
            ? string.getBytes(StandardCharsets.UTF_8)
            : FirmwareFiles.item(given, String.valueOf(file));
    items.add(new FirmwareItem(given, name, content));
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static BlockOptions parsed(String given, String text, String implied)
      throws BlockException {
    try {
      return OptionString.parse(text, implied, null);
    } catch (BlockException e) {
      throw e.during(given);
    }
  }

  /** All of it, for a board. */
  PcBoot of(@Nullable BootKernel kernel, FirmwareFiles firmware) throws BlockException {
    var read = new ArrayList<PcBoot.Rom>();
    for (RomOption rom : roms) {
      Path name = Path.of(rom.file).getFileName();
      if (name == null) {
        throw CommandLine.error(rom.given + ": that is no file's name");
      }
      read.add(new PcBoot.Rom(name.toString(), firmware.rom(rom.file), rom.bootIndex));
    }
    return new PcBoot(
        order, once, menu, menuMillis, failMillis, strict, floppySignature, kernel, read);
  }
}
