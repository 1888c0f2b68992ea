// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.tour.Tour;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.ParseResult;

/** {@code strata tour}. */
final class TourCommand implements Subcommand {
  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('d', "directory", "DIRECTORY", "keep the disks in this folder, which is made")
        .with('h', "help", null, "show this help and end");
  }

  @Override
  public Description describe() {
    return Description.of(
        "shows the tools at work on a small disk that boots",
        "A sample disk is made, converted, inspected, served over NBD, read back and booted. Each"
            + " command is shown with what it prints; all can be typed again. Without -d the disks"
            + " are in a folder for temporary files, and are gone afterwards.",
        "strata tour -d tour",
        "leaves the disks in the folder tour");
  }

  @Override
  public int run(List<String> words, Terminal terminal) throws BlockException {
    ParseResult given = Strata.parse("tour", this, words, terminal);
    if (given == null || given.isUsageHelpRequested()) {
      return given == null ? 1 : 0;
    }
    String programs = System.getProperty("strata.launchers");
    if (programs == null) {
      throw new BlockException(Errno.EINVAL, "The tour begins with 'strata tour', in 'bin'");
    }
    Path launchers = Path.of(programs).toAbsolutePath().normalize();
    String directory = given.matchedOptionValue('d', null);
    try {
      if (directory != null) {
        Path folder = Path.of(directory).toAbsolutePath();
        Files.createDirectory(folder);
        new Tour(launchers, folder, terminal).run();
      } else {
        Path folder = Files.createTempDirectory("strata-tour");
        try {
          new Tour(launchers, folder, terminal).run();
        } finally {
          delete(folder);
        }
      }
    } catch (BlockException e) {
      throw e;
    } catch (FileAlreadyExistsException e) {
      throw BlockException.of(Errno.EEXIST, "Could not make the folder '" + directory + "'");
    } catch (IOException | InvalidPathException e) {
      throw new BlockException(Errno.EIO, "Could not use the folder: " + e).causedBy(e);
    }
    return 0;
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
