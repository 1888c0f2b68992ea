// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Terminal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img amend}. */
final class Amend extends ImageCommand {
  private static final int FORCE = FIRST_OWN;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('h', "help", null, "show this help and end")
        .with('o', "options", "OPTIONS", "options of the format; 'help' lists them")
        .with('p', "progress-bar", null, "show how far it is")
        .with('q', "quiet", null, "say nothing but errors")
        .with('t', "cache", "CACHE", "the image's cache mode")
        .with(FORCE, "force", null, "allow what could lose data")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .with(PROGRESS, "progress", "json", "print a line of JSON for each step")
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "changes options of an image that exists",
        """
        Only what is named changes. '-o help' lists what a format can change.
        """,
        "qemu-img amend -f qcow2 -o compat=0.10 disk.qcow2",
        "lets old programs read the image");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String options = null;
    String cacheName = "writeback";
    boolean force = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'o' -> options = Create.joined(options, arguments.argument(), arguments);
        case 't' -> cacheName = arguments.argument();
        case FORCE -> force = true;
        default -> take(option, arguments, opener);
      }
    }
    if (options == null) {
      throw arguments.wrong("Must specify options (-o)");
    }
    String format = opener.format();
    boolean help = OptionString.asksForHelp(options);
    if (help && format != null) {
      return help(opener.graph().drivers().find(format), format, arguments, terminal);
    }
    if (arguments.operands().size() != 1) {
      throw arguments.wrongValue("Expecting one image file name");
    }
    opener.requireOneFormat(arguments);
    try (var progress = new Progress(terminal, progressStyle(opener), Progress.Unit.STEPS)) {
      CacheMode cache = opener.cache(arguments, cacheName, "");
      BlockBackend image =
          opener.open(
              arguments.operands().getFirst(),
              ImageOpener.flags(true, cache).withUnmap(false),
              cache,
              true);
      Optional<Amendable> found = image.node().capability(Amendable.class);
      String driver = image.node().driverName();
      if (found.isEmpty()) {
        throw arguments.wrongValue(
            "Format driver '" + driver + "' does not support option amendment");
      }
      if (help) {
        return help(opener.graph().drivers().find(driver), driver, arguments, terminal);
      }
      BlockOptions given = OptionString.parseCreation(options);
      try {
        check(opener.graph().drivers().find(driver), found.get(), given);
        found.get().amend(given, force, progress);
        progress.finish();
      } catch (BlockException e) {
        throw arguments.wrong(e);
      }
    }
    return 0;
  }

  private static int help(
      @Nullable BlockDriverFactory driver, String name, Arguments arguments, Terminal terminal)
      throws UsageException {
    if (driver == null) {
      throw arguments.wrongValue("Unknown file format '" + name + "'");
    }
    if (driver.amendOptions().isEmpty()) {
      throw arguments.wrongValue("Format driver '" + name + "' does not support option amendment");
    }
    terminal.out().print("Amend options for '" + name + "':\n" + driver.amendOptions().help());
    return 0;
  }

  private static void check(
      @Nullable BlockDriverFactory driver, Amendable image, BlockOptions given)
      throws BlockException {
    for (String name : given.names()) {
      if (image.amendOptions().find(name) == null
          && driver != null
          && driver.createOptions().find(name) != null) {
        throw new BlockException(Errno.EINVAL, "Invalid parameter '" + name + "'")
            .withHint("This option is only supported for image creation");
      }
    }
    image.amendOptions().check(given);
  }
}
