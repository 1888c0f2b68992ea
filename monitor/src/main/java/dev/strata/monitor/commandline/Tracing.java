// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The option {@code --trace}: no events are built in, so a pattern enables none. */
public final class Tracing {
  private Tracing() {}

  /** Whether the argument asks for a list of the events, of which there are none. */
  public static boolean asksForList(String text) {
    return text.equals("help") || text.equals("?");
  }

  /**
   * Takes the argument; an event that it names alone is a mistake, which is warned of.
   *
   * @param warnings takes a message without the word {@code warning}
   * @return what is wrong, to be put right behind the program's name; null if nothing is
   */
  public static @Nullable String enable(String text, Consumer<String> warnings) {
    try {
      enableAll(text, warnings);
      return null;
    } catch (BlockException e) {
      return ": " + e.getMessage();
    } catch (NoSuchFileException e) {
      return ":" + e.getMessage() + ": No such file or directory";
    } catch (IOException e) {
      return ":" + e.getMessage();
    }
  }

  private static void enableAll(String text, Consumer<String> warnings) throws IOException {
    BlockOptions options = OptionString.parse(text, "enable", null);
    String enable = options.takeString("enable");
    String events = options.takeString("events");
    options.remove("file");
    if (!options.isEmpty()) {
      throw new BlockException(
          Errno.EINVAL, "Invalid parameter '" + options.names().iterator().next() + "'");
    }
    if (events != null) {
      for (String line : Files.readAllLines(Path.of(events), StandardCharsets.ISO_8859_1)) {
        String event = line.strip();
        if (!event.isEmpty() && !event.startsWith("#")) {
          enableOne(event, warnings);
        }
      }
    }
    if (enable != null) {
      enableOne(enable, warnings);
    }
  }

  private static void enableOne(String name, Consumer<String> warnings) {
    if (!name.startsWith("-") && name.indexOf('*') < 0 && name.indexOf('?') < 0) {
      warnings.accept("trace event '" + name + "' does not exist");
    }
  }
}
