// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.util.List;

/**
 * A command that opens images: what all of them do before and after, and options that many have.
 */
abstract class ImageCommand implements Subcommand {
  /** {@code --object}. */
  static final int OBJECT = OptionTable.FIRST_KEY;

  /** {@code --image-opts}. */
  static final int IMAGE_OPTS = OptionTable.FIRST_KEY + 1;

  /** {@code --output}. */
  static final int OUTPUT = OptionTable.FIRST_KEY + 2;

  /** {@code --progress}. */
  static final int PROGRESS = OptionTable.FIRST_KEY + 3;

  /** {@code --untrusted}. */
  static final int UNTRUSTED = OptionTable.FIRST_KEY + 4;

  static final String UNTRUSTED_HELP = "refuse dangerous images, and files that images name";

  /** The first key of a command's own options without a letter. */
  static final int FIRST_OWN = OptionTable.FIRST_KEY + 5;

  private boolean showProgress;
  private boolean jsonProgress;
  private String output = "human";

  /** Reads the options and does the work; returns the exit code. */
  abstract int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException;

  @Override
  public final int run(List<String> words, Terminal terminal) {
    var opener = new ImageOpener(terminal);
    int code = 1;
    try {
      code = run(arguments(words, terminal), opener, terminal);
    } catch (UsageException e) {
      code = e.code;
    } catch (BlockException e) {
      terminal.error(e);
      code = failureCode();
    } finally {
      code = close(opener, code, terminal);
    }
    return code;
  }

  private int close(ImageOpener opener, int code, Terminal terminal) {
    try {
      opener.close();
      return code;
    } catch (BlockException e) {
      if (code == 0 || tellsOfClosingAfterFailure()) {
        terminal.error(e);
      }
      return code == 0 ? failureCode() : code;
    }
  }

  /** Whether an error while closing the images is told after another one. */
  boolean tellsOfClosingAfterFailure() {
    return true;
  }

  /** How the command's words are read. */
  Arguments arguments(List<String> words, Terminal terminal) throws UsageException {
    return new Arguments(options(), words, terminal);
  }

  /** The exit code after an error that is not of the command line. */
  int failureCode() {
    return 1;
  }

  /** Takes an option that means the same in every command that has it. */
  final void take(int option, Arguments arguments, ImageOpener opener) throws UsageException {
    switch (option) {
      case 'f' -> opener.format(arguments.argument());
      case 'p' -> showProgress = true;
      case 'q' -> opener.quiet();
      case 'U' -> opener.forceShare(true);
      case IMAGE_OPTS -> opener.imageOptions(true);
      case OBJECT -> define(arguments, opener);
      case OUTPUT -> output = arguments.argument();
      case UNTRUSTED -> opener.untrusted();
      case PROGRESS -> jsonProgress = arguments.isJson("progress");
      default -> throw arguments.wrong("unknown option");
    }
  }

  private static void define(Arguments arguments, ImageOpener opener) throws UsageException {
    try {
      String help = opener.objects().define(arguments.argument());
      if (help != null) {
        throw arguments.answered(help);
      }
    } catch (BlockException e) {
      throw arguments.wrong(e);
    }
  }

  /** Whether the result is for a program; throws if the option's argument is neither word. */
  final boolean isJsonOutput(Arguments arguments) throws UsageException {
    return switch (output) {
      case "json" -> true;
      case "human" -> false;
      default ->
          throw arguments.wrongValue("--output must be used with human or json as argument.");
    };
  }

  /** How progress is shown. */
  final Progress.Style progressStyle(ImageOpener opener) {
    return Progress.Style.of(showProgress && !opener.isQuiet(), jsonProgress);
  }

  /** How many threads share the work on large images. */
  static int workers() {
    return Math.max(2, Runtime.getRuntime().availableProcessors());
  }
}
