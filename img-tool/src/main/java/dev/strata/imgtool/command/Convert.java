// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ProgressListener;
import dev.strata.block.copy.CopySettings;
import dev.strata.block.copy.ImageCopy;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.Edge;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img convert}. */
final class Convert implements Subcommand {
  private static final int OBJECT = OptionTable.FIRST_KEY;
  private static final int IMAGE_OPTS = OptionTable.FIRST_KEY + 1;
  private static final int TARGET_IMAGE_OPTS = OptionTable.FIRST_KEY + 2;
  private static final int SALVAGE = OptionTable.FIRST_KEY + 3;
  private static final int TARGET_IS_ZERO = OptionTable.FIRST_KEY + 4;
  private static final int BITMAPS = OptionTable.FIRST_KEY + 5;
  private static final int SKIP_BROKEN = OptionTable.FIRST_KEY + 6;
  private static final int PROGRESS = OptionTable.FIRST_KEY + 7;

  private static final int MAX_WORKERS = 16;
  private static final long MAX_SPARSE = 32768L * 512;

  // What the options say, in their order.
  private boolean copyRange;
  private boolean compress;
  private boolean showProgress;
  private boolean jsonProgress;
  private boolean noCreate;
  private @Nullable String outFormat;
  private String cache = "unsafe";
  private String sourceCache = "writeback";
  private @Nullable String backing;
  private @Nullable String backingFormat;
  private @Nullable String options;
  private @Nullable SnapshotParameter snapshot;
  private boolean sparseGiven;
  private long sparse = 4096;
  private long rate;
  private int workers = 8;
  private boolean inOrder = true;
  private boolean salvage;
  private boolean targetIsZero;
  private boolean bitmaps;
  private boolean targetOptions;
  private boolean quiet;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "source-format", "FMT", "the sources' format; guessed if not given")
        .with('O', "target-format", "FMT", "the target's format; raw if not given")
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
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(IMAGE_OPTS, "image-opts", null, "the sources are lists of options")
        .with(TARGET_IMAGE_OPTS, "target-image-opts", null, "the target is a list of options")
        .with(SALVAGE, "salvage", null, "copy what cannot be read as zeroes")
        .with(TARGET_IS_ZERO, "target-is-zero", null, "the target reads as zeroes (with -n)")
        .with(BITMAPS, "bitmaps", null, "copy persistent bitmaps too")
        .with(SKIP_BROKEN, "skip-broken-bitmaps", null, "leave out inconsistent bitmaps")
        .with(PROGRESS, "progress", "json", "print a line of JSON for each step")
        .operand("SOURCE...")
        .operand("TARGET");
  }

  @Override
  public Description describe() {
    return Description.of(
        "copies images into a new one, in any format",
        """
        Several sources are copied one behind the other. What is not allocated or reads as zeroes
        takes no space in the target if its format or the host's file system can do without.

        The target is made, unless -n says that it exists. A signal USR1 has the progress
        printed at once.
        """,
        "qemu-img convert -O qcow2 disk.raw disk.qcow2",
        "makes a qcow2 image of a raw one",
        "qemu-img convert -c -O qcow2 -o compression_type=zstd disk.qcow2 small.qcow2",
        "compresses with zstd",
        "qemu-img convert -p -W -m 16 -n disk.qcow2 /dev/vg/disk",
        "fills a volume that exists, out of order");
  }

  @Override
  public int run(List<String> words, Terminal terminal) throws BlockException {
    var opener = new ImageOpener(terminal);
    boolean done = false;
    try {
      int code = run(new Arguments(options(), words, terminal), opener, terminal);
      done = true;
      return code;
    } catch (UsageException e) {
      return 1;
    } finally {
      close(opener, done, terminal);
    }
  }

  private static void close(ImageOpener opener, boolean done, Terminal terminal)
      throws BlockException {
    try {
      opener.close();
    } catch (BlockException e) {
      if (done) {
        throw e;
      }
      terminal.error(e);
    }
  }

  private void parse(Arguments arguments, ImageOpener opener) throws UsageException {
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      String argument = arguments.argument();
      switch (option) {
        case 'f' -> opener.format(argument);
        case 'O' -> outFormat = argument;
        case 'B' -> backing = argument;
        case 'F' -> backingFormat = argument;
        case 'C' -> copyRange = true;
        case 'c' -> compress = true;
        case 'o' -> options = Create.joined(options, argument, arguments);
        case 'l' -> snapshot = SnapshotParameter.parse(argument, arguments);
        case 'S' -> sparse(arguments);
        case 'p' -> showProgress = true;
        case 'q' -> {
          quiet = true;
          opener.quiet();
        }
        case 'n' -> noCreate = true;
        case 't' -> cache = argument;
        case 'T' -> sourceCache = argument;
        case 'r' -> rate = number(arguments, "rate limit");
        case 'm' -> workers(arguments);
        case 'W' -> inOrder = false;
        case 'U' -> opener.forceShare(true);
        case OBJECT -> throw arguments.wrongValue("--object is not supported yet");
        case IMAGE_OPTS -> opener.imageOptions(true);
        case TARGET_IMAGE_OPTS -> targetOptions = true;
        case SALVAGE -> salvage = true;
        case TARGET_IS_ZERO -> targetIsZero = true;
        case BITMAPS -> bitmaps = true;
        case SKIP_BROKEN -> {}
        case PROGRESS -> {
          if (!argument.equals("json")) {
            throw arguments.wrong("--progress must be used with json as argument.");
          }
          jsonProgress = true;
        }
        default -> throw arguments.wrong("unknown option");
      }
    }
  }

  private void sparse(Arguments arguments) throws UsageException {
    sparseGiven = true;
    sparse = number(arguments, "buffer size for sparse output");
    if (sparse % 512 != 0 || sparse > MAX_SPARSE) {
      throw arguments.wrongValue(
          "Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to "
              + MAX_SPARSE
              + ". Select 0 to disable sparse detection (fully allocates output).");
    }
  }

  private void workers(Arguments arguments) throws UsageException {
    try {
      workers = Integer.parseInt(arguments.argument());
    } catch (NumberFormatException e) {
      workers = 0;
    }
    if (workers < 1 || workers > MAX_WORKERS) {
      throw arguments.wrongValue(
          "Invalid number of coroutines. Allowed number of coroutines is between 1 and "
              + MAX_WORKERS);
    }
  }

  /** A size or number with a suffix, at most a signed 64-bit one. */
  static long number(Arguments arguments, String what) throws UsageException {
    return number(arguments.argument(), what, arguments);
  }

  static long number(String text, String what, Arguments arguments) throws UsageException {
    try {
      long value = arguments.size(text);
      if (value >= 0) {
        return value;
      }
    } catch (BlockException e) {
      if (e.errno() != Errno.ERANGE) {
        arguments.wrongValue(
            "Invalid " + what + " specified. You may use k, M, G, T, P or E suffixes for");
        throw arguments.wrongValue(
            "kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.");
      }
    }
    throw arguments.wrongValue(
        "Invalid " + what + " specified. Must be between 0 and " + Long.MAX_VALUE + ".");
  }

  private void check(Arguments arguments) throws UsageException {
    if (copyRange && compress) {
      throw arguments.wrongValue("Cannot enable copy offloading when -c is used");
    }
    if (copyRange && sparseGiven) {
      throw arguments.wrongValue("Cannot enable copy offloading when -S is used");
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
      throw arguments.wrongValue("-O cannot be used with --target-image-opts");
    }
    if (bitmaps) {
      throw arguments.wrongValue("--bitmaps is not supported yet");
    }
  }

  private int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    parse(arguments, opener);
    List<String> operands = arguments.operands();
    String format = outFormat == null ? "raw" : outFormat;
    check(arguments);
    if (options != null && OptionString.asksForHelp(options)) {
      String name = operands.isEmpty() ? null : operands.getLast();
      return NewImage.help(opener.graph(), format, name, terminal);
    }
    if (opener.hasImageOptions() && opener.format() != null) {
      throw arguments.wrongValue("--image-opts and --format are mutually exclusive");
    }
    if (operands.size() < 2) {
      throw arguments.wrongValue("Must specify image file name");
    }
    CacheMode sourceMode = opener.cache(arguments, sourceCache, "source ");
    CacheMode targetMode = opener.cache(arguments, cache, "");
    var sources = new ArrayList<BlockBackend>();
    long total = 0;
    for (String name : operands.subList(0, operands.size() - 1)) {
      BlockBackend source =
          opener.open(name, ImageOpener.flags(false, sourceMode), sourceMode, true);
      sources.add(source);
      total += source.length();
    }
    if (snapshot != null) {
      if (snapshot.word() != null && sources.size() > 1) {
        throw arguments.wrongValue("No support for concatenating multiple snapshot");
      }
      snapshot.load(sources.getFirst());
    }
    String target = operands.getLast();
    if (!noCreate) {
      create(opener, sources, target, format, total, arguments);
    } else if (backing != null && backingFormat == null) {
      throw arguments.wrongValue("Use of backing file requires explicit backing format");
    }
    opener.forceShare(false);
    NodeFlags flags = ImageOpener.flags(true, targetMode);
    BlockBackend out =
        opener.open(target, targetOptions ? null : format, targetOptions, flags, targetMode, true);
    checkTarget(out, total, arguments);
    try (var progress = new Progress(terminal.out(), style())) {
      new ImageCopy(sources, out, settings(out, progress), terminal::error).run();
      progress.finish();
    }
    out.flush();
    return 0;
  }

  private Progress.Style style() {
    if (jsonProgress) {
      return Progress.Style.JSON;
    }
    return showProgress && !quiet ? Progress.Style.PERCENT : Progress.Style.NONE;
  }

  private void create(
      ImageOpener opener,
      List<BlockBackend> sources,
      String target,
      String format,
      long total,
      Arguments arguments)
      throws BlockException, UsageException {
    NewImage image;
    try {
      image = new NewImage(opener.graph(), target, format);
      image.parse(options);
    } catch (BlockException e) {
      throw arguments.wrongValue(e.getMessage());
    }
    // The size of what is copied counts, whatever the options say.
    image.options().remove("size");
    image.size(total);
    image.backing(backing, backingFormat);
    String backingFile = image.options().string("backing_file");
    if (backingFile != null && image.options().string("backing_fmt") == null) {
      throw arguments.wrongValue("Use of backing file requires explicit backing format");
    }
    if (backingFile != null && sources.size() > 1) {
      throw arguments.wrongValue(
          "Having a backing file for the target makes no sense when"
              + " concatenating multiple input images");
    }
    if (compress && !image.driver().compresses()) {
      throw arguments.wrongValue("Compression not supported for this file format");
    }
    if (compress
        && image.options().has("preallocation")
        && !"off".equals(image.options().string("preallocation"))) {
      throw arguments.wrongValue("Compression and preallocation not supported at the same time");
    }
    try {
      image.create();
    } catch (BlockException e) {
      throw e.during(target + ": error while converting " + format);
    }
  }

  private void checkTarget(BlockBackend out, long total, Arguments arguments)
      throws UsageException {
    if (compress && !out.node().skipFilters().factory().compresses()) {
      throw arguments.wrongValue("Compression not supported for this file format");
    }
    if (noCreate && out.length() < total) {
      throw arguments.wrongValue("output file is smaller than input file");
    }
  }

  private CopySettings settings(BlockBackend out, Progress progress) throws BlockException {
    Edge targetBacking = out.node().skipFilters().backing();
    boolean readsZero =
        targetIsZero || (!noCreate && targetBacking == null && out.node().readsZeroAfterCreate());
    long cluster = 0;
    if (compress) {
      Optional<ImageInfo> info = out.node().capability(ImageInfo.class);
      cluster = info.isPresent() ? info.get().clusterSize() : 0;
    }
    // The same input gives the same bytes when the user asks for reproducible results.
    boolean reproducible = System.getenv("SOURCE_DATE_EPOCH") != null;
    boolean ordered = reproducible || (inOrder && !compress);
    boolean top = targetBacking != null && (backing != null || noCreate || options != null);
    return new CopySettings(
        Math.min(workers, Math.max(2, Runtime.getRuntime().availableProcessors() + 1)),
        ordered,
        sparse,
        cluster,
        readsZero,
        top,
        targetBacking == null ? -1 : targetBacking.length(),
        salvage,
        rate,
        style() == Progress.Style.NONE ? ProgressListener.NONE : progress);
  }
}
