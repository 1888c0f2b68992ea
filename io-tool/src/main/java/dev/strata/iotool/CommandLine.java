// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.iotool.command.ImageCommands;
import dev.strata.iotool.command.OpenMode;
import dev.strata.iotool.command.Session;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Tracing;
import dev.strata.monitor.manual.HelpPage;
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

  private static final int OBJECT = OptionTable.FIRST_KEY;
  private static final int IMAGE_OPTS = OptionTable.FIRST_KEY + 1;
  private static final int UNTRUSTED = OptionTable.FIRST_KEY + 2;

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

  /** The options, in the order in which messages list names that are alike. */
  static OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('V', "version", null, "show the version and end")
        .with('c', "cmd", "STRING", "run this command; may be given again")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('r', "read-only", null, "open the image read-only")
        .with('s', "snapshot", null, "lose all changes at the end")
        .with('n', "nocache", null, "the same as -t none")
        .with('C', "copy-on-read", null, "copy what is read from the backing file")
        .with('m', "misalign", null, "use buffers at odd addresses")
        .with('k', "native-aio", null, "the same as -i native")
        .with('i', "aio", "threads|native|io_uring", "how the host is asked for I/O")
        .with('d', "discard", "unmap|ignore", "whether discards are carried out")
        .with('t', "cache", "CACHE", "the image's cache mode; writethrough if not given")
        .with('T', "trace", "PATTERN", "choose events to trace: none are built in")
        .with('U', "force-share", null, "open it even if another program uses it")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(IMAGE_OPTS, "image-opts", null, "FILE is a list of options")
        .with(UNTRUSTED, "untrusted", null, "refuse dangerous images, and files that they name")
        .operand("[-c STRING]...")
        .operand("[FILE]");
  }

  /** Reads the command line. */
  Outcome parse(String program, String[] arguments, boolean operandsLast) {
    GetOpt getopt = options().read(program, List.of(arguments), operandsLast, session::printError);
    for (int option = getopt.next(); option != GetOpt.END; option = getopt.next()) {
      Outcome outcome = option(option, getopt.argument());
      if (outcome != Outcome.RUN) {
        return outcome;
      }
    }
    List<String> operands = getopt.operands();
    if (operands.size() > 1) {
      help(program);
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
      case UNTRUSTED -> session.untrusted();
      case OBJECT -> {
        return define(argument);
      }
      case 'V' -> {
        session.print(IoDescription.VERSION);
        return Outcome.DONE;
      }
      case 'h' -> {
        help(session.program());
        return Outcome.DONE;
      }
      default -> {
        help(session.program());
        return Outcome.FAILED;
      }
    }
    return Outcome.RUN;
  }

  private void help(String program) {
    session.print(HelpPage.ofTool(program, new IoDescription()).stripTrailing());
  }

  private Outcome failed(String message) {
    session.error(message);
    return Outcome.FAILED;
  }

  private Outcome define(String argument) {
    try {
      String help = session.objects().define(argument);
      if (help == null) {
        return Outcome.RUN;
      }
      session.print(help.stripTrailing());
      return Outcome.DONE;
    } catch (BlockException e) {
      session.error(e);
      return Outcome.FAILED;
    }
  }

  private Outcome trace(String text) {
    if (Tracing.asksForList(text)) {
      return Outcome.DONE;
    }
    String problem = Tracing.enable(text, session::warn);
    if (problem == null) {
      return Outcome.RUN;
    }
    session.printError(session.program() + problem);
    return Outcome.FAILED;
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
