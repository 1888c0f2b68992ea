// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Finds firmware: by its path, in folders that were named, where Debian's packages put it. */
final class FirmwareFiles {
  private static final List<String> FOLDERS = List.of("/usr/share/seabios", "/usr/share/qemu");
  private static final int MOST_BIOS = 8 << 20;
  private static final int BIOS_UNIT = 0x10000;
  private static final String VGA_BIOS = "vgabios-stdvga.bin";
  private static final int MOST_VGA_BIOS = 0x10000;
  private static final int MOST_ROM = 0x20000;
  private static final int MOST_ITEM = 64 << 20;

  private final List<String> named;

  /** Files, first looked for in the folders {@code named}. */
  FirmwareFiles(List<String> named) {
    this.named = named;
  }

  /** A PC's firmware. */
  byte[] bios(String name) throws BlockException {
    byte[] bytes = find(name, length -> length <= MOST_BIOS && length % BIOS_UNIT == 0);
    if (bytes == null) {
      throw CommandLine.error("could not load PC BIOS '" + name + "'");
    }
    return bytes;
  }

  /** The display adapter's. */
  byte[] vgaBios() throws BlockException {
    byte[] bytes = find(VGA_BIOS, length -> length <= MOST_VGA_BIOS);
    if (bytes == null) {
      throw CommandLine.error("failed to find romfile \"" + VGA_BIOS + "\"");
    }
    return bytes;
  }

  /** One that firmware runs beside its own. */
  byte[] rom(String name) throws BlockException {
    byte[] bytes = find(name, length -> length <= MOST_ROM);
    if (bytes == null) {
      throw CommandLine.error(
          "Could not open option rom '"
              + name
              + "': there is no file of that name with 1 to "
              + MOST_ROM
              + " bytes");
    }
    return bytes;
  }

  /** The content of an item of {@code -fw_cfg}, which is {@code given}. */
  static byte[] item(String given, String name) throws BlockException {
    try {
      Path path = Path.of(name);
      if (Files.size(path) > MOST_ITEM) {
        throw CommandLine.error(
            given + ": can't load " + name + ": more than " + MOST_ITEM + " bytes");
      }
      return Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw CommandLine.error(
          given
              + ": can't load "
              + name
              + ": Failed to open file \u201c"
              + name
              + "\u201d: No such file or directory");
    } catch (IOException | InvalidPathException e) {
      throw CommandLine.error(given + ": can't load " + name + ": " + e.getMessage());
    }
  }

  /** The first that can be read and whose length is right, or null. */
  private byte @Nullable [] find(String name, IntPredicate length) {
    var candidates = new ArrayList<Path>();
    candidates.add(Path.of(name));
    for (String folder : named) {
      candidates.add(Path.of(folder, name));
    }
    for (String folder : FOLDERS) {
      candidates.add(Path.of(folder, name));
    }
    for (Path candidate : candidates) {
      try {
        if (Files.isRegularFile(candidate) && Files.size(candidate) <= MOST_BIOS) {
          byte[] bytes = Files.readAllBytes(candidate);
          if (bytes.length > 0 && length.test(bytes.length)) {
            return bytes;
          }
        }
      } catch (IOException _) {
        continue; // the next folder may have one that can be read
      }
    }
    return null;
  }
}
