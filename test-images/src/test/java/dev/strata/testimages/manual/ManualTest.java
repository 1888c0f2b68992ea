// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.manual.HelpPage;
import dev.strata.monitor.manual.ToolDescription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ManualTest {
  @TempDir private Path folder;

  @Test
  void mandocAndManFindNothingToWarnOf() throws IOException, InterruptedException {
    Programs.assumeInstalled("mandoc");
    Programs.assumeInstalled("man");
    Programs.strata("man", "-d", folder.toString());
    List<Path> pages;
    try (Stream<Path> files = Files.list(folder.resolve("man1"))) {
      pages = files.sorted().toList();
    }
    assertEquals(
        List.of(
            "qemu-img.1",
            "qemu-io.1",
            "qemu-nbd.1",
            "qemu-storage-daemon.1",
            "qemu-system-x86_64.1",
            "strata-img.1",
            "strata-io.1",
            "strata-nbd.1",
            "strata-storage-daemon.1",
            "strata-system.1",
            "strata.1"),
        pages.stream().map(page -> page.getFileName().toString()).toList());
    for (Path page : pages) {
      String name = page.toString();
      assertEquals("", Programs.run(folder, "", "mandoc", "-T", "lint", "-W", "style", name));
      String shown = Programs.run(folder, "", "man", "--warnings", "-l", name);
      assertFalse(shown.contains(": warning"), shown);
    }
  }

  @Test
  void helpSaysAPercentSignAsItIsMeant() {
    for (ToolDescription tool : ServiceLoader.load(ToolDescription.class)) {
      String help = HelpPage.ofTool(tool.name(), tool);
      boolean meant =
          tool.options().entries().stream().anyMatch(entry -> entry.help().contains("%"));
      assertEquals(meant, help.contains("%"), tool.name());
      assertFalse(help.contains("%%"), tool.name());
    }
  }

  @Test
  void everyOptionOfEveryCommandIsInTheManual() throws IOException, InterruptedException {
    Programs.assumeInstalled("mandoc");
    Programs.strata("man", "-d", folder.toString());
    for (ToolDescription tool : ServiceLoader.load(ToolDescription.class)) {
      String page = folder.resolve("man1/" + tool.name() + ".1").toString();
      String shown = Programs.run(folder, "", "mandoc", "-T", "ascii", page).replaceAll(".\b", "");
      for (OptionTable table : tables(tool)) {
        for (OptionTable.Entry entry : table.entries()) {
          String name = entry.longName() == null ? entry.letter() : entry.longName();
          assertNotNull(name);
          assertTrue(shown.contains(name), tool.name() + " " + name);
        }
      }
    }
  }

  private static List<OptionTable> tables(ToolDescription tool) {
    var tables = new ArrayList<>(List.of(tool.options()));
    for (String name : tool.commands()) {
      Subcommand command = tool.command(name);
      assertNotNull(command, name);
      tables.add(command.options());
    }
    return tables;
  }

  /** What scripts look for in {@code qemu-img --help} to find out what it can do. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "  create [",
        "--target-is-zero",
        "[-U]",
        "--backing-chain",
        "\nSupported formats: "
      })
  void helpHasWhatScriptsLookFor(String text) throws IOException, InterruptedException {
    Path qemuImg = Path.of(System.getProperty("strata.root", ".."), "bin/qemu-img");
    String help = Programs.run(folder, "", qemuImg.toAbsolutePath().toString(), "--help");
    assertTrue(help.contains(text), help);
  }
}
