// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img create}. */
final class Create extends ImageCommand {

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('F', "backing-format", "FMT", "the backing file's format")
        .with('b', "backing", "FILE", "read what is not written yet from this image")
        .with('f', "format", "NEW_FMT", "the new image's format; raw if not given")
        .with('h', "help", null, "show this help and end")
        .with('o', "options", "OPTIONS", "options of the format; 'help' lists them")
        .with('q', "quiet", null, "do not say what is created")
        .with('u', "unsafe", null, "do not look at the backing file")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME")
        .operand("[SIZE]");
  }

  @Override
  public Description describe() {
    return Description.of(
        "creates an image",
        """
        SIZE is what a guest sees. It may be left out if there is a backing file, whose size then
        counts. With a backing file the image holds only what is written after.
        """,
        "qemu-img create -f qcow2 disk.qcow2 10G",
        "makes an image of 10 GiB that takes space as it is written",
        "qemu-img create -f qcow2 -b base.qcow2 -F qcow2 overlay.qcow2",
        "lets a guest change a disk while base.qcow2 stays as it is",
        "qemu-img create -f qcow2 -o help",
        "lists the options of qcow2");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String format = "raw";
    String backing = null;
    String backingFormat = null;
    String options = null;
    boolean quiet = false;
    boolean unsafe = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'F' -> backingFormat = arguments.argument();
        case 'b' -> backing = arguments.argument();
        case 'f' -> format = arguments.argument();
        case 'o' -> options = joined(options, arguments.argument(), arguments);
        case 'q' -> quiet = true;
        case 'u' -> unsafe = true;
        default -> take(option, arguments, opener);
      }
    }
    List<String> operands = arguments.operands();
    String filename = operands.isEmpty() ? null : operands.getFirst();
    if (options != null && OptionString.asksForHelp(options)) {
      return NewImage.help(opener.graph(), format, filename, terminal);
    }
    if (filename == null) {
      throw arguments.wrong("Expecting image file name");
    }
    Long size = null;
    if (operands.size() > 1) {
      size = size(operands.get(1), arguments);
    }
    if (operands.size() > 2) {
      throw arguments.wrong("Unexpected argument: " + operands.get(2));
    }
    try {
      var image = new NewImage(opener, filename, format);
      image.parse(options);
      image.backing(backing, backingFormat);
      image.size(size);
      image.findSize(unsafe);
      if (!quiet) {
        terminal.out().print(image.describe());
      }
      image.create();
      return 0;
    } catch (BlockException e) {
      throw e.during(filename);
    }
  }

  /** Several {@code -o} count as one. */
  static String joined(@Nullable String before, String more, Arguments arguments)
      throws UsageException {
    try {
      OptionString.checkList(more);
    } catch (BlockException e) {
      throw arguments.wrongValue(e.getMessage());
    }
    return before == null ? more : before + "," + more;
  }

  private static long size(String text, Arguments arguments) throws UsageException {
    try {
      long size = arguments.size(text);
      if (size < 0) {
        throw BlockException.of(Errno.ERANGE);
      }
      return size;
    } catch (BlockException e) {
      if (e.errno() == Errno.ERANGE) {
        throw arguments.wrongValue(
            "Invalid image size specified. Must be between 0 and " + Long.MAX_VALUE + ".");
      }
      arguments.wrongValue(
          "Invalid image size specified. You may use k, M, G, T, P or E suffixes for");
      throw arguments.wrongValue(
          "kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.");
    }
  }
}
