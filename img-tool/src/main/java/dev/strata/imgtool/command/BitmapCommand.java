// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BitmapStore;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.option.Size;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img bitmap}. */
final class BitmapCommand extends ImageCommand {
  private static final int ADD = FIRST_OWN;
  private static final int REMOVE = FIRST_OWN + 1;
  private static final int CLEAR = FIRST_OWN + 2;
  private static final int ENABLE = FIRST_OWN + 3;
  private static final int DISABLE = FIRST_OWN + 4;
  private static final int MERGE = FIRST_OWN + 5;

  private static final long MIN_GRANULARITY = 512;
  private static final long MAX_GRANULARITY = 1L << 31;
  private static final long MIN_DEFAULT_GRANULARITY = 4096;
  private static final long MAX_DEFAULT_GRANULARITY = 65536;

  /** One of the things to do, in their order. */
  private record Action(int option, String word, @Nullable String source) {}

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('F', "source-format", "FMT", "the format of FILE")
        .with('b', "source-file", "FILE", "merge from a bitmap of this image")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('g', "granularity", "SIZE", "guest bytes for each bit of a new bitmap")
        .with('h', "help", null, "show this help and end")
        .with(ADD, "add", null, "make a new bitmap, enabled")
        .with(REMOVE, "remove", null, "give the bitmap up")
        .with(CLEAR, "clear", null, "clear all bits")
        .with(ENABLE, "enable", null, "let writes set bits")
        .with(DISABLE, "disable", null, "let writes set no bits")
        .with(MERGE, "merge", "BITMAP", "set the bits that are set in that other bitmap")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME")
        .operand("BITMAP");
  }

  @Override
  public Description describe() {
    return Description.of(
        "changes the persistent dirty bitmaps of an image",
        """
        A bitmap marks the parts of the disk that were written since it was added or cleared:
        backup programs ask it what to copy. Several actions may be given; they are carried out in
        their order. An image with an active bitmap is qcow2 of version 3.
        """,
        "qemu-img bitmap --add -g 64k disk.qcow2 since-monday",
        "begins to mark what is written, 64 KiB for each bit",
        "qemu-img bitmap --merge since-monday disk.qcow2 all",
        "marks in 'all' what 'since-monday' marks too");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    var actions = new ArrayList<Action>();
    String sourceFile = null;
    String sourceFormat = null;
    Long granularity = null;
    boolean adds = false;
    boolean merges = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'F' -> sourceFormat = arguments.argument();
        case 'b' -> sourceFile = arguments.argument();
        case 'g' -> granularity = granularity(arguments);
        case ADD -> {
          actions.add(new Action(option, "add", null));
          adds = true;
        }
        case REMOVE -> actions.add(new Action(option, "remove", null));
        case CLEAR -> actions.add(new Action(option, "clear", null));
        case ENABLE -> actions.add(new Action(option, "enable", null));
        case DISABLE -> actions.add(new Action(option, "disable", null));
        case MERGE -> {
          actions.add(new Action(option, "merge", arguments.argument()));
          merges = true;
        }
        default -> take(option, arguments, opener);
      }
    }
    if (actions.isEmpty()) {
      throw arguments.wrongValue(
          "Need at least one of --add, --remove, --clear, --enable, --disable, or --merge");
    }
    if (arguments.operands().size() != 2) {
      throw arguments.wrongValue("Expecting filename and bitmap name");
    }
    if (granularity != null && granularity != 0 && !adds) {
      throw arguments.wrongValue("granularity only supported with --add");
    }
    if (sourceFormat != null && sourceFile == null) {
      throw arguments.wrongValue("-F only supported with -b");
    }
    if (sourceFile != null && !merges) {
      throw arguments.wrongValue("Merge bitmap source file only supported with --merge");
    }
    opener.requireOneFormat(arguments);
    var cache = CacheMode.WRITEBACK;
    BlockBackend image =
        opener.open(
            arguments.operands().get(0),
            ImageOpener.flags(true, cache).withUnmap(false),
            cache,
            false);
    BlockBackend source = image;
    if (sourceFile != null) {
      source =
          opener.open(
              sourceFile, sourceFormat, false, ImageOpener.flags(false, cache), cache, false);
    }
    String name = arguments.operands().get(1);
    for (Action action : actions) {
      try {
        carryOut(action, name, image, source, granularity);
      } catch (BlockException e) {
        throw arguments.wrong(
            e.during("Operation " + action.word + " on bitmap " + name + " failed"));
      }
    }
    return 0;
  }

  private static long granularity(Arguments arguments) throws UsageException {
    try {
      long size = Size.parse(arguments.argument());
      if (size >= 0) {
        return size;
      }
    } catch (BlockException e) {
      if (e.errno() == Errno.ERANGE) {
        throw arguments.wrongValue(
            "Invalid granularity specified. Must be between 0 and " + Long.MAX_VALUE + ".");
      }
    }
    arguments.wrongValue(
        "Invalid granularity specified. You may use k, M, G, T, P or E suffixes for");
    throw arguments.wrongValue(
        "kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.");
  }

  private static void carryOut(
      Action action,
      String name,
      BlockBackend image,
      BlockBackend source,
      @Nullable Long granularity)
      throws BlockException {
    BitmapSet bitmaps = image.node().bitmaps();
    switch (action.option) {
      case ADD -> add(name, image, granularity == null ? 0 : granularity);
      case REMOVE -> bitmaps.remove(find(bitmaps, name, true));
      case CLEAR -> find(bitmaps, name, false).clear();
      case ENABLE -> find(bitmaps, name, false).enable(true);
      case DISABLE -> find(bitmaps, name, false).enable(false);
      default -> {
        DirtyBitmap target = find(bitmaps, name, false);
        String from = action.source == null ? "" : action.source;
        merge(find(source.node().bitmaps(), from, false), target);
      }
    }
  }

  /** Merges bitmaps of the same size. */
  static void merge(DirtyBitmap source, DirtyBitmap target) throws BlockException {
    target.checkMergeable(source);
    target.merge(source);
  }

  private static DirtyBitmap find(BitmapSet bitmaps, String name, boolean anyState)
      throws BlockException {
    DirtyBitmap bitmap = bitmaps.find(name);
    if (bitmap == null) {
      throw new BlockException(Errno.ENOENT, "Dirty bitmap '" + name + "' not found");
    }
    if (bitmap.inconsistent() && !anyState) {
      throw new BlockException(
              Errno.EINVAL, "Bitmap '" + name + "' is inconsistent and cannot be used")
          .withHint("Try block-dirty-bitmap-remove to delete this bitmap from disk");
    }
    return bitmap;
  }

  private static void add(String name, BlockBackend image, long wanted) throws BlockException {
    image.node().bitmaps().add(create(name, image, wanted));
  }

  /** A bitmap that the image can keep, not yet added to it; granularity 0 for the default. */
  static DirtyBitmap create(String name, BlockBackend image, long wanted) throws BlockException {
    if (name.isEmpty()) {
      throw new BlockException(Errno.EINVAL, "Bitmap name cannot be empty");
    }
    long granularity = wanted;
    if (wanted == 0) {
      Optional<ImageInfo> info = image.node().capability(ImageInfo.class);
      long cluster = info.isPresent() ? info.get().clusterSize() : 0;
      granularity =
          cluster <= 0
              ? MAX_DEFAULT_GRANULARITY
              : Math.clamp(cluster, MIN_DEFAULT_GRANULARITY, MAX_DEFAULT_GRANULARITY);
    } else if (wanted < MIN_GRANULARITY || wanted > MAX_GRANULARITY || Long.bitCount(wanted) != 1) {
      throw new BlockException(
          Errno.EINVAL, "Granularity must be power of 2 and at least " + MIN_GRANULARITY);
    }
    BitmapSet bitmaps = image.node().bitmaps();
    if (bitmaps.find(name) != null) {
      throw new BlockException(Errno.EEXIST, "Bitmap already exists: " + name);
    }
    Optional<BitmapStore> store = image.node().capability(BitmapStore.class);
    if (store.isEmpty()) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Can't store persistent bitmaps to " + image.node().name() + ": Operation not supported");
    }
    try {
      store.get().checkNewBitmap(name, granularity);
    } catch (BlockException e) {
      throw e.during(
          "Can't make bitmap '" + name + "' persistent in '" + image.node().name() + "'");
    }
    var bitmap = new DirtyBitmap(name, granularity, image.length());
    bitmap.keep(true);
    return bitmap;
  }
}
