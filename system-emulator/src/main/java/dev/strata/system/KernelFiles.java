// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.firmware.BootKernel;
import dev.strata.system.firmware.LinuxKernel;
import dev.strata.system.firmware.multiboot.BootModule;
import dev.strata.system.firmware.multiboot.MultibootHeader;
import dev.strata.system.firmware.multiboot.MultibootKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What {@code -kernel}, {@code -initrd} and {@code -append} name, read. */
final class KernelFiles {
  private static final long MOST_BELOW = 0xc0000000L; // RAM from address 0 on

  private KernelFiles() {}

  /**
   * The kernel that is to be booted, or null if that is for firmware to find.
   *
   * @param warnings takes what is odd, but works
   */
  static @Nullable BootKernel of(CommandLine line, Consumer<String> warnings)
      throws BlockException {
    String name = line.kernel;
    if (name == null) {
      return null;
    }
    byte[] image = file("could not open kernel file", name);
    String initrd = line.initrd;
    String arguments = line.append == null ? "" : line.append;
    long below = Math.min(line.memory, MOST_BELOW);
    MultibootHeader header = MultibootHeader.find(image);
    if (header != null) {
      if (header.wantsVideoMode()) {
        warnings.accept("multiboot knows VBE. we don't");
      }
      List<BootModule> modules = initrd == null ? List.of() : modules(initrd);
      return MultibootKernel.of(image, header, name + " " + arguments, modules, below);
    }
    byte[] disk = initrd == null ? new byte[0] : file("error reading initrd", initrd);
    return LinuxKernel.of(image, disk, arguments, below);
  }

  /** Files with their arguments, commas between them; two commas are one that is meant. */
  private static List<BootModule> modules(String text) throws BlockException {
    var modules = new ArrayList<BootModule>();
    var one = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      boolean comma = text.charAt(at) == ',';
      if (comma && !text.startsWith(",,", at)) {
        modules.add(module(one.toString()));
        one.setLength(0);
        continue;
      }
      one.append(text.charAt(at));
      at += comma ? 1 : 0;
    }
    if (!one.isEmpty()) {
      modules.add(module(one.toString()));
    }
    return modules;
  }

  private static BootModule module(String text) throws BlockException {
    int space = text.indexOf(' ');
    String name = space < 0 ? text : text.substring(0, space);
    try {
      return new BootModule(text, Files.readAllBytes(Path.of(name)));
    } catch (IOException | InvalidPathException e) {
      throw new BlockException(Errno.EIO, "Failed to open file '" + name + "'").causedBy(e);
    }
  }

  private static byte[] file(String failure, String name) throws BlockException {
    try {
      return Files.readAllBytes(Path.of(name));
    } catch (NoSuchFileException e) {
      throw new BlockException(
          Errno.ENOENT, failure + " '" + name + "': No such file or directory");
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, failure + " '" + name + "': " + e.getMessage());
    }
  }
}
