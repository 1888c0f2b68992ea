// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import java.util.List;

/** {@code qemu-img resize}. */
final class Resize extends ImageCommand {
  private static final int PREALLOCATION = FIRST_OWN;
  private static final int SHRINK = FIRST_OWN + 1;

  private String sizeWord = "";

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('h', "help", null, "show this help and end")
        .with('q', "quiet", null, "say nothing but errors")
        .with(
            PREALLOCATION,
            "preallocation",
            "off|metadata|falloc|full",
            "have the host allocate what is new")
        .with(SHRINK, "shrink", null, "allow to lose what lies behind the new end")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME")
        .operand("[+|-]SIZE");
  }

  @Override
  public Description describe() {
    return Description.of(
        "changes the size of an image",
        """
        With a sign, SIZE is added or taken away. A guest's partitions and file systems know
        nothing of it: shrink them first, let them grow after.
        """,
        "qemu-img resize disk.qcow2 +10G",
        "lets the disk grow by 10 GiB",
        "qemu-img resize --shrink disk.qcow2 5G",
        "cuts off what is behind 5 GiB");
  }

  @Override
  Arguments arguments(List<String> words, Terminal terminal) throws UsageException {
    if (words.size() < 2) {
      terminal.usage("Not enough arguments");
      throw new UsageException();
    }
    // The size comes off first, for it may look like an option: -1M.
    sizeWord = words.getLast();
    return new Arguments(options(), words.subList(0, words.size() - 1), terminal);
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    Preallocation mode = Preallocation.OFF;
    boolean shrink = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case PREALLOCATION -> mode = preallocation(arguments);
        case SHRINK -> shrink = true;
        default -> take(option, arguments, opener);
      }
    }
    if (arguments.operands().size() != 1) {
      throw arguments.wrong("Expecting image file name and size");
    }
    boolean relative = sizeWord.startsWith("+") || sizeWord.startsWith("-");
    long size = size(relative ? sizeWord.substring(1) : sizeWord, arguments, terminal);
    opener.requireOneFormat(arguments);
    var flags = ImageOpener.flags(true, CacheMode.WRITEBACK).withUnmap(false);
    BlockBackend image =
        opener.open(arguments.operands().getFirst(), flags, CacheMode.WRITEBACK, true);
    long current = image.length();
    if (relative) {
      // Wraps as the reference does: what comes out negative is refused.
      size = sizeWord.startsWith("+") ? current + size : current - size;
    }
    if (size <= 0) {
      throw arguments.wrongValue("New image size must be positive");
    }
    if (size <= current && mode != Preallocation.OFF) {
      throw arguments.wrongValue("Preallocation can only be used for growing images");
    }
    if (size < current && !shrink) {
      arguments.wrongValue("Use the --shrink option to perform a shrink operation.");
      throw arguments.wrongValue(
          "warning: Shrinking an image will delete all data beyond the shrunken image's end."
              + " Before performing such an operation, make sure there is no important data"
              + " there.");
    }
    image.truncate(size, true, mode, 0);
    if (!opener.isQuiet()) {
      terminal.out().print("Image resized.\n");
    }
    return 0;
  }

  private static Preallocation preallocation(Arguments arguments) throws UsageException {
    String word = arguments.argument();
    for (Preallocation mode : Preallocation.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw arguments.wrongValue("Invalid preallocation mode '" + word + "'");
  }

  private static long size(String word, Arguments arguments, Terminal terminal)
      throws UsageException {
    try {
      return arguments.size(word);
    } catch (BlockException e) {
      if (e.errno() == Errno.ERANGE) {
        throw arguments.wrongValue("Value '" + word + "' is out of range for parameter 'size'");
      }
      UsageException wrong =
          arguments.wrongValue("Parameter 'size' expects a non-negative number below 2^64");
      terminal.line(
          "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
              + "and exabytes, respectively.");
      throw wrong;
    }
  }
}
