// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.SnapshotChoice;
import org.jspecify.annotations.Nullable;

/** What the options of {@code qemu-img convert} say. */
final class ConvertOptions {
  private static final int TARGET_IMAGE_OPTS = ImageCommand.FIRST_OWN;
  private static final int SALVAGE = ImageCommand.FIRST_OWN + 1;
  private static final int TARGET_IS_ZERO = ImageCommand.FIRST_OWN + 2;
  private static final int BITMAPS = ImageCommand.FIRST_OWN + 3;
  private static final int SKIP_BROKEN = ImageCommand.FIRST_OWN + 4;

  private static final int MAX_WORKERS = 16;
  private static final long MAX_SPARSE = 32768L * 512;

  boolean copyRange;
  boolean compress;
  boolean noCreate;
  @Nullable String outFormat;
  String cache = "unsafe";
  boolean cacheGiven;
  String sourceCache = "writeback";
  boolean sourceCacheGiven;
  @Nullable String backing;
  @Nullable String backingFormat;
  @Nullable String options;
  @Nullable SnapshotChoice snapshot;
  boolean sparseGiven;
  long sparse = 4096;
  long rate;
  int workers = 8;
  boolean workersGiven;
  boolean inOrder = true;
  boolean salvage;
  boolean targetIsZero;
  boolean bitmaps;
  boolean skipBrokenBitmaps;
  boolean targetOptions;
  boolean quiet;

  static OptionTable table() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "source-format", "FMT", "the sources' format; guessed if not given")
        .with('O', "target-format", "NEW_FMT", "the target's format; raw if not given")
        .with('B', "backing", "FILE", "the target's backing file, whose content is left out")
        .with('F', "backing-format", "FMT", "the backing file's format")
        .with('C', null, null, "let the host copy where it can")
        .with('c', "compress", null, "write compressed clusters")
        .with('o', "options", "OPTIONS", "options of the target's format; 'help' lists them")
        .with('l', "snapshot", "SNAPSHOT", "take the content of an internal snapshot")
        .with('S', null, "SIZE", "leave out runs of zeroes from that size on; 0 to write all")
        .with('p', "progress-bar", null, "show how far it is")
        .with('q', "quiet", null, "print errors only")
        .with('n', "no-create", null, "the target exists already")
        .with('t', "cache", "CACHE", "the target's cache mode")
        .with('T', "source-cache", "CACHE", "the sources' cache mode")
        .with('r', "rate-limit", "RATE", "at most so many bytes a second")
        .with('m', "parallel", "COUNT", "so many requests at once, 1 to 16")
        .with('W', "oob", null, "write out of order")
        .with('U', "force-share", null, "read also while others write")
        .with(ImageCommand.OBJECT, "object", "OBJECT", "define an object")
        .with(ImageCommand.UNTRUSTED, "untrusted", null, ImageCommand.UNTRUSTED_HELP)
        .with(ImageCommand.IMAGE_OPTS, "image-opts", null, "the sources are lists of options")
        .with(TARGET_IMAGE_OPTS, "target-image-opts", null, "the target is a list of options")
        .with(SALVAGE, "salvage", null, "copy what cannot be read as zeroes")
        .with(TARGET_IS_ZERO, "target-is-zero", null, "the target reads as zeroes (with -n)")
        .with(BITMAPS, "bitmaps", null, "copy persistent bitmaps too")
        .with(SKIP_BROKEN, "skip-broken-bitmaps", null, "leave out inconsistent bitmaps")
        .with(ImageCommand.PROGRESS, "progress", "json", "print a line of JSON for each step")
        .operand("SOURCE...")
        .operand("TARGET");
  }

  void parse(Arguments arguments, ImageOpener opener, ImageCommand command) throws UsageException {
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      String argument = arguments.argument();
      switch (option) {
        case 'O' -> outFormat = argument;
        case 'B' -> backing = argument;
        case 'F' -> backingFormat = argument;
        case 'C' -> copyRange = true;
        case 'c' -> compress = true;
        case 'o' -> options = Create.joined(options, argument, arguments);
        case 'l' -> snapshot = arguments.snapshot();
        case 'S' -> sparse(arguments);
        case 'q' -> {
          quiet = true;
          opener.quiet();
        }
        case 'n' -> noCreate = true;
        case 't' -> {
          cacheGiven = true;
          cache = argument;
        }
        case 'T' -> {
          sourceCacheGiven = true;
          sourceCache = argument;
        }
        case 'r' -> rate = Convert.number(arguments, "rate limit");
        case 'm' -> workers(arguments);
        case 'W' -> inOrder = false;
        case TARGET_IMAGE_OPTS -> targetOptions = true;
        case SALVAGE -> salvage = true;
        case TARGET_IS_ZERO -> targetIsZero = true;
        case BITMAPS -> bitmaps = true;
        case SKIP_BROKEN -> skipBrokenBitmaps = true;
        default -> command.take(option, arguments, opener);
      }
    }
  }

  private void sparse(Arguments arguments) throws UsageException {
    sparseGiven = true;
    sparse = Convert.number(arguments, "buffer size for sparse output");
    if (sparse % 512 != 0 || sparse > MAX_SPARSE) {
      throw arguments.wrongValue(
          "Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to "
              + MAX_SPARSE
              + ". Select 0 to disable sparse detection (fully allocates output).");
    }
  }

  private void workers(Arguments arguments) throws UsageException {
    workersGiven = true;
    long count = Arguments.parseInteger(arguments.argument());
    if (count < 1 || count > MAX_WORKERS) {
      throw arguments.wrongValue(
          "Invalid number of coroutines. Allowed number of coroutines is between 1 and "
              + MAX_WORKERS);
    }
    workers = (int) count;
  }

  /** Throws where options contradict each other. */
  void check(Arguments arguments) throws UsageException {
    if (copyRange && compress) {
      throw arguments.wrongValue("Cannot enable copy offloading when -c is used");
    }
    if (copyRange && sparseGiven) {
      throw arguments.wrongValue("Cannot enable copy offloading when -S is used");
    }
    if (copyRange && salvage) {
      throw arguments.wrongValue("Cannot use copy offloading in salvaging mode");
    }
    if (targetOptions && !noCreate) {
      throw arguments.wrongValue("--target-image-opts requires use of -n flag");
    }
    if (targetIsZero && !noCreate) {
      throw arguments.wrongValue("--target-is-zero requires use of -n flag");
    }
    if (noCreate && options != null) {
      throw arguments.wrongValue("-o has no effect when skipping image creation");
    }
    if (targetOptions && outFormat != null) {
      throw arguments.wrongValue("--image-opts and --format are mutually exclusive");
    }
    if (skipBrokenBitmaps && !bitmaps) {
      throw arguments.wrongValue("Use of --skip-broken-bitmaps requires --bitmaps");
    }
  }
}
