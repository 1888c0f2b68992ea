// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img dd}: copies blocks of an image into a new one. */
final class Dd extends ImageCommand {

  // Blocks are moved many at a time: their size says how much is copied, not how.
  private static final long BUFFER = 2 << 20;

  private String outFormat = "raw";
  private long blockSize = 512;
  private long count = -1; // in blocks, -1 for all
  private long skip; // in blocks
  private @Nullable String input;
  private @Nullable String output;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('f', "format", "FMT", "the input's format; guessed if not given")
        .with('O', "output-format", "NEW_FMT", "the output's format; raw if not given")
        .with('U', "force-share", null, "read also while others write")
        .with('h', "help", null, "show this help and end")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .with(IMAGE_OPTS, "image-opts", null, "the input is a list of options")
        .operand("[bs=BYTES]")
        .operand("[count=BLOCKS]")
        .operand("[skip=BLOCKS]")
        .operand("if=INPUT")
        .operand("of=OUTPUT");
  }

  @Override
  public Description describe() {
    return Description.of(
        "copies blocks from one image to another",
        """
        Operands are written as with dd(1). The output is made anew. 'bs' is the size of a block,
        512 if not given.
        """,
        "qemu-img dd -f qcow2 -O raw bs=1M count=1 if=disk.qcow2 of=start.raw",
        "copies the first mebibyte of a disk");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'O' -> outFormat = arguments.argument();
        default -> take(option, arguments, opener);
      }
    }
    for (String operand : arguments.operands()) {
      take(operand, arguments);
    }
    if (input == null || output == null) {
      throw arguments.wrongValue("Must specify both input and output files");
    }
    opener.requireOneFormat(arguments);
    return copy(input, output, arguments, opener, terminal);
  }

  private void take(String operand, Arguments arguments) throws UsageException {
    int equals = operand.indexOf('=');
    String name = equals < 0 ? operand : operand.substring(0, equals);
    String value = equals < 0 ? "" : operand.substring(equals + 1);
    switch (equals < 0 ? "" : name) {
      case "bs" -> blockSize = number(name, value, 1, Integer.MAX_VALUE, arguments);
      case "count" -> count = number(name, value, 0, Long.MAX_VALUE, arguments);
      case "skip" -> skip = number(name, value, 0, Long.MAX_VALUE, arguments);
      case "if" -> input = value;
      case "of" -> output = value;
      default -> throw arguments.wrongValue("unrecognized operand " + name);
    }
  }

  /** A size between two limits. */
  static long number(String name, String text, long min, long max, Arguments arguments)
      throws UsageException {
    try {
      long value = arguments.size(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (BlockException e) {
      if (e.errno() != Errno.ERANGE) {
        arguments.wrongValue(
            "Invalid " + name + " specified. You may use k, M, G, T, P or E suffixes for");
        throw arguments.wrongValue(
            "kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.");
      }
    }
    throw arguments.wrongValue(
        "Invalid " + name + " specified. Must be between " + min + " and " + max + ".");
  }

  private int copy(
      String from, String to, Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    CacheMode cache = CacheMode.WRITEBACK;
    BlockBackend source = opener.open(from, ImageOpener.flags(false, cache), cache, true);
    if (opener.graph().drivers().find(outFormat) == null) {
      throw arguments.wrongValue("Unknown file format");
    }
    var image = new NewImage(opener, to, outFormat);
    // As the reference has it, the blocks that are skipped are among those counted.
    long end = source.length();
    if (count >= 0 && count <= end / blockSize) {
      end = count * blockSize;
    }
    boolean beyond = skip > end / blockSize;
    long start = beyond ? end : skip * blockSize;
    image.size(end - start);
    try {
      image.create();
    } catch (BlockException e) {
      throw e.during(to + ": error while creating output image");
    }
    opener.forceShare(false);
    BlockBackend target =
        opener.open(to, outFormat, false, ImageOpener.flags(true, cache), cache, true);
    if (beyond) {
      terminal.error(from + ": cannot skip to specified offset");
      return 0;
    }
    try (BufferPool.Buffer buffer = opener.graph().buffers().acquire(BUFFER)) {
      for (long at = start; at < end; ) {
        long part = Math.min(end - at, BUFFER);
        IoVector memory = IoVector.of(buffer.segment().asSlice(0, part));
        try {
          source.read(at, memory, 0);
        } catch (BlockException e) {
          throw e.during("error while reading from input image file");
        }
        try {
          target.write(at - start, memory, 0);
        } catch (BlockException e) {
          throw e.during("error while writing to output image file");
        }
        at += part;
      }
    }
    return 0;
  }
}
