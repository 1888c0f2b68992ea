// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.iotool.command.ImageCommands;
import dev.strata.iotool.command.OpenMode;
import dev.strata.iotool.command.Session;
import dev.strata.monitor.commandline.GetOpt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the program was called with. */
final class CommandLine {
  /** What is to be done about it. */
  enum Outcome {
    /** Run the commands. */
    RUN,
    /** All is said; exit with 0. */
    DONE,
    /** The user has been told what is wrong; exit with 1. */
    FAILED
  }

  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;

  private final Session session;
  private final List<String> commands = new ArrayList<>();
  private final OpenMode mode = new OpenMode();
  private @Nullable String format;
  private @Nullable String filename;
  private boolean imageOptions;

  CommandLine(Session session) {
    this.session = session;
  }

  /** The commands of {@code -c}, in order. */
  List<String> commands() {
    return commands;
  }

  private static List<GetOpt.Long> longOptions() {
    return List.of(
        new GetOpt.Long("help", false, 'h'),
        new GetOpt.Long("version", false, 'V'),
        new GetOpt.Long("cmd", true, 'c'),
        new GetOpt.Long("format", true, 'f'),
        new GetOpt.Long("read-only", false, 'r'),
        new GetOpt.Long("snapshot", false, 's'),
        new GetOpt.Long("nocache", false, 'n'),
        new GetOpt.Long("copy-on-read", false, 'C'),
        new GetOpt.Long("misalign", false, 'm'),
        new GetOpt.Long("native-aio", false, 'k'),
        new GetOpt.Long("aio", true, 'i'),
        new GetOpt.Long("discard", true, 'd'),
        new GetOpt.Long("cache", true, 't'),
        new GetOpt.Long("trace", true, 'T'),
        new GetOpt.Long("force-share", false, 'U'),
        new GetOpt.Long("object", true, OBJECT),
        new GetOpt.Long("image-opts", false, IMAGE_OPTS));
  }

  /** Reads the command line. */
  Outcome parse(String program, String[] arguments, boolean operandsLast) {
    var getopt =
        new GetOpt(
            program,
            List.of(arguments),
            "hVc:d:f:rsnCmki:t:T:U",
            longOptions(),
            operandsLast,
            session::printError);
    for (int option = getopt.next(); option != GetOpt.END; option = getopt.next()) {
      Outcome outcome = option(option, getopt.argument());
      if (outcome != Outcome.RUN) {
        return outcome;
      }
    }
    List<String> operands = getopt.operands();
    if (operands.size() > 1) {
      session.print(UsageText.of(program));
      return Outcome.FAILED;
    }
    if (format != null && imageOptions) {
      session.error("--image-opts and -f are mutually exclusive");
      return Outcome.FAILED;
    }
    filename = operands.isEmpty() ? null : operands.getFirst();
    return Outcome.RUN;
  }

  private Outcome option(int option, String argument) {
    switch (option) {
      case 's', 'n', 'C', 'r', 'U', 'k', 'i', 't', 'd' -> {
        String problem = ImageCommands.apply(mode, option, argument);
        return problem == null ? Outcome.RUN : failed(problem);
      }
      case 'f' -> format = argument;
      case 'c' -> commands.add(argument);
      case 'm' -> session.misaligned(true);
      case 'T' -> {
        return trace(argument);
      }
      case IMAGE_OPTS -> imageOptions = true;
      case OBJECT -> {
        return failed("--object is not supported yet: there are no secrets and no throttle groups");
      }
      case 'V' -> {
        session.print(UsageText.version());
        return Outcome.DONE;
      }
      case 'h' -> {
        session.print(UsageText.of(session.program()));
        return Outcome.DONE;
      }
      default -> {
        session.print(UsageText.of(session.program()));
        return Outcome.FAILED;
      }
    }
    return Outcome.RUN;
  }

  private Outcome failed(String message) {
    session.error(message);
    return Outcome.FAILED;
  }

  /** There are no trace events, so that a pattern enables none and a name is a mistake. */
  private Outcome trace(String text) {
    if (text.equals("help") || text.equals("?")) {
      return Outcome.DONE;
    }
    try {
      BlockOptions options = OptionString.parse(text, "enable", null);
      String enable = options.takeString("enable");
      String events = options.takeString("events");
      options.remove("file");
      if (!options.isEmpty()) {
        return failed("Invalid parameter '" + options.names().iterator().next() + "'");
      }
      if (events != null) {
        for (String line : Files.readAllLines(Path.of(events), StandardCharsets.ISO_8859_1)) {
          String event = line.strip();
          if (!event.isEmpty() && !event.startsWith("#")) {
            traceEvent(event);
          }
        }
      }
      if (enable != null) {
        traceEvent(enable);
      }
      return Outcome.RUN;
    } catch (BlockException e) {
      return failed(e.getMessage());
    } catch (NoSuchFileException e) {
      session.printError(session.program() + ":" + e.getMessage() + ": No such file or directory");
      return Outcome.FAILED;
    } catch (IOException e) {
      session.printError(session.program() + ":" + e.getMessage());
      return Outcome.FAILED;
    }
  }

  private void traceEvent(String name) {
    if (!name.startsWith("-") && name.indexOf('*') < 0 && name.indexOf('?') < 0) {
      session.warn("trace event '" + name + "' does not exist");
    }
  }

  /** Opens the image that the command line names, if any. */
  boolean open() {
    String name = filename;
    if (name == null) {
      return true;
    }
    var options = new BlockOptions();
    if (imageOptions) {
      try {
        options = OptionString.parse(name, null, session::warn);
      } catch (BlockException e) {
        session.error(e);
        return false;
      }
      name = null;
    } else if (format != null) {
      options.put("driver", format);
    }
    return ImageCommands.openFirst(session, name, options, mode);
  }
}
