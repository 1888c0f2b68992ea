// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/** {@code strata man}. */
final class ManCommand implements Subcommand {
  private final Strata strata;

  ManCommand(Strata strata) {
    this.strata = strata;
  }

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('d', "directory", "DIRECTORY", "write all pages below this folder, into man1")
        .with('h', "help", null, "show this help and end")
        .operand("[PAGE]");
  }

  @Override
  public Description describe() {
    return Description.of(
        "prints a manual page, or writes all",
        "The pages are in the language of man(7).",
        "strata man qemu-img | man -l -",
        "shows the manual of qemu-img",
        "strata man -d ~/.local/share/man",
        "puts all pages where man finds them");
  }

  @Override
  public int run(List<String> words, Terminal terminal) throws BlockException {
    ParseResult given = Strata.parse("man", this, words, terminal);
    if (given == null || given.isUsageHelpRequested()) {
      return given == null ? 1 : 0;
    }
    String directory = given.matchedOptionValue('d', null);
    String name = given.matchedPositionalValue(0, null);
    if (directory != null && name == null) {
      try {
        writeAll(Path.of(directory, "man1"));
      } catch (IOException | InvalidPathException e) {
        throw new BlockException(Errno.EIO, "Could not write below '" + directory + "': " + e)
            .causedBy(e);
      }
      return 0;
    }
    ToolDescription page = name == null ? null : find(name);
    if (directory != null || page == null) {
      terminal.error("Expecting one of the pages " + String.join(", ", strata.words("PAGE")));
      return 1;
    }
    terminal.out().print(ManPage.of(page, strata.pages()));
    return 0;
  }

  private @Nullable ToolDescription find(String name) {
    for (ToolDescription page : strata.pages()) {
      if (name.equals(page.name()) || name.equals(second(page))) {
        return page;
      }
    }
    return null;
  }

  /** {@code strata-img} for {@code qemu-img}. */
  private static String second(ToolDescription page) {
    return "strata-" + page.shortName();
  }

  private void writeAll(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (ToolDescription page : strata.pages()) {
      String text = ManPage.of(page, strata.pages());
      Files.writeString(folder.resolve(page.name() + ".1"), text);
      if (page.shortName() != null) {
        Files.writeString(folder.resolve(second(page) + ".1"), text);
      }
    }
  }
}
