// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.ProgressListener;
import dev.strata.block.copy.ChannelCopy;
import dev.strata.block.copy.CopySettings;
import dev.strata.block.copy.ImageCopy;
import dev.strata.block.copy.StreamCopy;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.Edge;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code qemu-img convert}. */
final class Convert extends ImageCommand {
  private final ConvertOptions given = new ConvertOptions();
  private final BlockOptions targetKeys = new BlockOptions();
  private boolean backed; // the target leaves to its backing file what that holds
  private boolean remote; // whether sources or target wait for somebody else

  @Override
  public OptionTable options() {
    return ConvertOptions.table();
  }

  @Override
  public Description describe() {
    return Description.of(
        "copies images into a new one, in any format",
        """
        Several sources are copied one behind the other. What is not allocated or reads as zeroes
        takes no space in the target if its format or the host's file system can do without.

        The target is made, unless -n says that it exists. It may be -, standard output, for raw,
        qcow2, and vmdk with subformat=streamOptimized. The source may be -, standard input, if
        -f raw says what comes from there; the target then has to be of a format that grows (raw,
        qcow2, qed, luks), or to exist. Files of that name are called ./-. A signal USR1 has the progress
        printed at once.
        """,
        "qemu-img convert -O qcow2 disk.raw disk.qcow2",
        "makes a qcow2 image of a raw one",
        "qemu-img convert -c -O qcow2 -o compression_type=zstd disk.qcow2 small.qcow2",
        "compresses with zstd",
        "qemu-img convert -p -W -m 16 -n disk.qcow2 /dev/vg/disk",
        "fills a volume that exists, out of order",
        "qemu-img convert -c -O qcow2 disk.raw - | ssh host 'cat > disk.qcow2'",
        "sends an image over a pipe as it is made");
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

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    given.parse(arguments, opener, this);
    List<String> operands = arguments.operands();
    String format = given.outFormat == null ? "raw" : given.outFormat;
    given.check(arguments);
    if (given.options != null && OptionString.asksForHelp(given.options)) {
      String name = operands.isEmpty() ? null : operands.getLast();
      return NewImage.help(opener.graph(), format, name, terminal);
    }
    opener.requireOneFormat(arguments);
    if (operands.size() < 2) {
      throw arguments.wrongValue("Must specify image file name");
    }
    if (given.targetIsZero && given.backing != null) {
      // As with the reference, which says so and then calls it no failure.
      terminal.error("Cannot use --target-is-zero when the destination image has a backing file");
      return 0;
    }
    List<String> names = operands.subList(0, operands.size() - 1);
    String target = operands.getLast();
    if (StandardPipe.isNamedBy(target) && !given.targetOptions) {
      return intoPipe(names, format, opener, terminal, arguments);
    }
    if (names.stream().anyMatch(StandardPipe::isNamedBy) && !opener.hasImageOptions()) {
      return outOfPipe(names, target, format, opener, arguments);
    }
    List<BlockBackend> sources = open(names, opener, arguments);
    if (given.bitmaps) {
      BitmapCopy.checkSource(sources, given.skipBrokenBitmaps, arguments);
    }
    long total = length(sources);
    backed = given.backing != null;
    if (!given.noCreate) {
      create(opener, sources.size(), target, format, total, arguments);
    }
    BlockBackend out = openTarget(target, format, opener, arguments);
    checkTarget(out, total, arguments);
    remote = out.node().waitsForPeer() || isRemote(sources);
    try (var progress = new Progress(terminal, progressStyle(opener))) {
      out.throttle(ThrottleGroup.ofWrites(given.rate));
      new ImageCopy(sources, out, settings(out, progress), warning(terminal)).run();
      progress.finish();
    }
    if (given.bitmaps) {
      BitmapCopy.copy(sources.getFirst().node(), out, terminal);
    }
    out.flush();
    return 0;
  }

  private static boolean isRemote(List<BlockBackend> sources) {
    return sources.stream().anyMatch(source -> source.node().waitsForPeer());
  }

  private static long length(List<BlockBackend> sources) {
    long total = 0;
    for (BlockBackend source : sources) {
      total += source.length();
    }
    return total;
  }

  private BlockBackend openTarget(
      String target, String format, ImageOpener opener, Arguments arguments)
      throws BlockException, UsageException {
    opener.forceShare(false);
    opener.unshared(false);
    CacheMode mode = opener.cache(arguments, given.cache, "");
    return opener.open(
        target,
        given.targetOptions ? null : format,
        given.targetOptions,
        ImageOpener.flags(true, mode),
        mode,
        /* backing= */ true,
        targetKeys);
  }

  /** Writes the image to standard output; whatever else there is to say goes to the errors. */
  private int intoPipe(
      List<String> names, String format, ImageOpener opener, Terminal terminal, Arguments arguments)
      throws BlockException, UsageException {
    StandardPipe.checkTarget(given, arguments);
    if (names.stream().anyMatch(StandardPipe::isNamedBy) && !opener.hasImageOptions()) {
      throw arguments.wrongValue(
          "Standard input cannot be copied to standard output: its size is not known before");
    }
    List<BlockBackend> sources = open(names, opener, arguments);
    remote = isRemote(sources);
    var image = NewImage.ofNoFile(opener, format);
    image.parse(given.options);
    image.options().remove("size");
    image.size(length(sources));
    try (ImageStream stream = StandardPipe.stream(image, given.compress)) {
      Terminal errors = terminal.withoutOutput();
      try (var progress = new Progress(errors, progressStyle(opener))) {
        CopySettings settings = settings(stream.clusterSize(), true, -1, progress);
        new StreamCopy(sources, stream, settings, warning(errors))
            .run(StandardPipe.output(given.rate));
        progress.finish();
      }
    }
    return 0;
  }

  /** Copies what comes from standard input. */
  private int outOfPipe(
      List<String> names, String target, String format, ImageOpener opener, Arguments arguments)
      throws BlockException, UsageException {
    StandardPipe.checkSource(given, names, opener.format(), arguments);
    if (progressStyle(opener) != Progress.Style.NONE) {
      throw arguments.wrongValue(
          "-p does not go together with standard input, whose size nobody knows");
    }
    if (opener.sharesByForce()) {
      throw arguments.wrongValue("-U does not go together with standard input");
    }
    if (!given.noCreate) {
      StandardPipe.checkGrowing(opener.graph(), format, given.options, arguments);
      create(opener, 1, target, format, 0, arguments);
    }
    BlockBackend out = openTarget(target, format, opener, arguments);
    checkTarget(out, 0, arguments);
    remote = out.node().waitsForPeer();
    out.throttle(ThrottleGroup.ofWrites(given.rate));
    CopySettings settings = settings(out, (done, total) -> {});
    new ChannelCopy(StandardPipe.input(), out, !given.noCreate, settings).run();
    out.flush();
    return 0;
  }

  private Consumer<String> warning(Terminal terminal) {
    return given.quiet ? text -> {} : terminal::error;
  }

  private List<BlockBackend> open(List<String> names, ImageOpener opener, Arguments arguments)
      throws BlockException, UsageException {
    CacheMode mode = opener.cache(arguments, given.sourceCache, "source ");
    var sources = new ArrayList<BlockBackend>();
    // What changes while it is copied would be copied in a state it never had.
    opener.unshared(true);
    for (String name : names) {
      sources.add(opener.open(name, ImageOpener.flags(false, mode), mode, /* backing= */ true));
    }
    if (given.snapshot != null) {
      if (given.snapshot.word() != null && sources.size() > 1) {
        throw arguments.wrongValue("No support for concatenating multiple snapshot");
      }
      given.snapshot.load(sources.getFirst().node());
    }
    return sources;
  }

  private void create(
      ImageOpener opener,
      int sources,
      String target,
      String format,
      long total,
      Arguments arguments)
      throws BlockException, UsageException {
    NewImage image;
    try {
      image = new NewImage(opener, target, format);
      image.parse(given.options);
    } catch (BlockException e) {
      throw arguments.wrongValue(e.getMessage());
    }
    // The size of what is copied counts, whatever the options say.
    image.options().remove("size");
    image.size(total);
    image.backing(given.backing, given.backingFormat);
    String backingFile = image.options().string("backing_file");
    if (backingFile != null && image.options().string("backing_fmt") == null) {
      throw arguments.wrongValue("Use of backing file requires explicit backing format");
    }
    backed = backingFile != null;
    if (backed && sources > 1) {
      throw arguments.wrongValue(
          "Having a backing file for the target makes no sense when"
              + " concatenating multiple input images");
    }
    if (given.compress && !image.driver().compresses()) {
      throw arguments.wrongValue("Compression not supported for this file format");
    }
    if (given.compress
        && (image.options().has("encrypt.format")
            || Boolean.TRUE.equals(image.options().copy().takeBool("encryption")))) {
      throw arguments.wrongValue("Compression and encryption not supported at the same time");
    }
    if (given.compress
        && image.options().has("preallocation")
        && !"off".equals(image.options().string("preallocation"))) {
      throw arguments.wrongValue("Compression and preallocation not supported at the same time");
    }
    try {
      image.create();
    } catch (BlockException e) {
      throw e.during(target + ": error while converting " + format);
    }
    // What was made with a key is opened with it.
    for (String name : image.options().names()) {
      String secret = image.options().string(name);
      if (name.endsWith("key-secret") && secret != null) {
        targetKeys.put(name, secret);
      }
    }
  }

  private void checkTarget(BlockBackend out, long total, Arguments arguments)
      throws UsageException {
    if (given.compress && !out.node().skipFilters().factory().compresses()) {
      throw arguments.wrongValue("Compression not supported for this file format");
    }
    if (given.noCreate && out.length() < total) {
      throw arguments.wrongValue("output file is smaller than input file");
    }
    if (given.bitmaps) {
      BitmapCopy.checkTarget(out.node(), arguments);
    }
  }

  private CopySettings settings(BlockBackend out, ProgressListener progress) throws BlockException {
    Edge backing = out.node().skipFilters().backing();
    boolean readsZero =
        given.targetIsZero
            || (!given.noCreate && backing == null && out.node().readsZeroAfterCreate());
    long cluster = 0;
    Optional<ImageInfo> info = out.node().capability(ImageInfo.class);
    if (info.isPresent() && (given.compress || info.get().needsCompressedWrites())) {
      cluster = info.get().clusterSize();
    }
    return settings(
        cluster, readsZero, backed && backing != null ? backing.length() : -1, progress);
  }

  private CopySettings settings(
      long cluster, boolean readsZero, long backingLength, ProgressListener progress)
      throws BlockException {
    // More threads than processors are of use where they wait for somebody else.
    int processors = Runtime.getRuntime().availableProcessors();
    int workers = remote ? given.workers : Math.min(given.workers, Math.max(2, processors + 1));
    // The same input gives the same bytes when the user asks for reproducible results.
    boolean reproducible = SourceDate.isSet();
    boolean ordered = reproducible || (given.inOrder && cluster == 0);
    return new CopySettings(
        workers,
        ordered,
        given.sparse,
        cluster,
        readsZero,
        backingLength >= 0,
        backingLength,
        given.salvage,
        given.copyRange,
        progress);
  }
}
