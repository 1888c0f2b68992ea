// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img compare}: exit code 0 if two images read alike, 1 if not, 2 for a failure. */
final class Compare implements Subcommand {
  private static final int OBJECT = OptionTable.FIRST_KEY;
  private static final int IMAGE_OPTS = OptionTable.FIRST_KEY + 1;

  private static final long BUFFER = 2 << 20;
  private static final long MAX_STATUS = 1L << 30;
  private static final int SECTOR = 512;

  private boolean strict;
  private boolean quiet;
  private int failureCode = 2; // 3 for block status, 4 for reading

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "first-format", "FMT", "the first image's format; guessed if not given")
        .with('F', "second-format", "FMT", "the second image's format; guessed if not given")
        .with('T', "cache", "CACHE", "the images' cache mode")
        .with('p', "progress", null, "show how far it is")
        .with('q', "quiet", null, "tell by the exit code only")
        .with('s', "strict", null, "sizes and allocation have to be alike too")
        .with('U', "force-share", null, "read also while others write")
        .with(IMAGE_OPTS, "image-opts", null, "the images are lists of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .operand("FILENAME1")
        .operand("FILENAME2");
  }

  @Override
  public Description describe() {
    return Description.of(
        "tells whether two images have the same content",
        """
        Formats do not matter. If one image is longer, the rest has to be zeroes unless -s asks for
        more.

        The exit code is 0 if they are alike, 1 if they differ, and 2 or more after an error.
        """,
        "qemu-img compare disk.qcow2 disk.raw",
        "tells whether a conversion kept every byte");
  }

  @Override
  public int run(List<String> words, Terminal terminal) throws BlockException {
    var opener = new ImageOpener(terminal);
    try {
      return run(new Arguments(options(), words, terminal), opener, terminal);
    } catch (UsageException e) {
      return 1;
    } catch (BlockException e) {
      terminal.error(e);
      return failureCode;
    } finally {
      opener.close();
    }
  }

  private int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String first = null;
    String second = null;
    String cache = "writeback";
    boolean showProgress = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'f' -> first = arguments.argument();
        case 'F' -> second = arguments.argument();
        case 'T' -> cache = arguments.argument();
        case 'p' -> showProgress = true;
        case 'q' -> {
          quiet = true;
          opener.quiet();
        }
        case 's' -> strict = true;
        case 'U' -> opener.forceShare(true);
        case IMAGE_OPTS -> opener.imageOptions(true);
        case OBJECT -> throw arguments.wrongValue("--object is not supported yet");
        default -> throw arguments.wrong("unknown option");
      }
    }
    if (arguments.operands().size() != 2) {
      throw arguments.wrong("Expecting two image file names");
    }
    CacheMode mode = CacheMode.of(cache);
    if (mode == null) {
      terminal.error("Invalid source cache option: " + cache);
      return 2;
    }
    if (opener.hasImageOptions() && (first != null || second != null)) {
      throw arguments.wrongValue("--image-opts and --format are mutually exclusive");
    }
    boolean asOptions = opener.hasImageOptions();
    var flags = ImageOpener.flags(false, mode);
    BlockBackend a = opener.open(arguments.operands().get(0), first, asOptions, flags, mode, true);
    BlockBackend b = opener.open(arguments.operands().get(1), second, asOptions, flags, mode, true);
    Progress.Style style = showProgress && !quiet ? Progress.Style.PERCENT : Progress.Style.NONE;
    String difference;
    try (var progress = new Progress(terminal.out(), style)) {
      difference = compare(a, b, terminal, progress);
      say(difference == null ? "Images are identical." : difference, terminal);
    }
    return difference == null ? 0 : 1;
  }

  private void say(String line, Terminal terminal) {
    if (!quiet) {
      terminal.out().print(line + "\n");
    }
  }

  /** The first difference, or null. */
  private @Nullable String compare(
      BlockBackend a, BlockBackend b, Terminal terminal, Progress progress) throws BlockException {
    long common = Math.min(a.length(), b.length());
    long total = Math.max(a.length(), b.length());
    if (strict && a.length() != b.length()) {
      return "Strict mode: Image size mismatch!";
    }
    try (BufferPool.Buffer one = a.node().graph().buffers().acquire(BUFFER);
        BufferPool.Buffer two = a.node().graph().buffers().acquire(BUFFER)) {
      long at = 0;
      while (at < common) {
        long left = Math.min(common - at, MAX_STATUS);
        Extent first = status(a, at, left);
        Extent second = status(b, at, Math.min(left, first.length()));
        long run = second.length();
        if (strict && !isAlike(first, second)) {
          return "Strict mode: Offset " + at + " block status mismatch!";
        }
        if (!(first.zero() && second.zero())) {
          long difference = difference(a, b, first, second, at, run, one, two);
          if (difference >= 0) {
            return "Content mismatch at offset " + difference + "!";
          }
        }
        at += run;
        progress.progress(at, total);
      }
      if (a.length() != b.length()) {
        say("Warning: Image size mismatch!", terminal);
        BlockBackend longer = a.length() > b.length() ? a : b;
        long difference = notZero(longer, common, one);
        progress.progress(total, total);
        if (difference >= 0) {
          return "Content mismatch at offset " + difference + "!";
        }
      }
      return null;
    }
  }

  private static boolean isAlike(Extent first, Extent second) {
    return first.data() == second.data()
        && first.zero() == second.zero()
        && first.allocated() == second.allocated();
  }

  private Extent status(BlockBackend image, long offset, long length) throws BlockException {
    try {
      return image.statusAbove(null, offset, length, StatusDetail.ZEROES).extent();
    } catch (BlockException e) {
      failureCode = 3;
      throw new BlockException(
          e.errno(), "Sector allocation test failed for " + image.node().filename());
    }
  }

  private long difference(
      BlockBackend a,
      BlockBackend b,
      Extent first,
      Extent second,
      long offset,
      long length,
      BufferPool.Buffer one,
      BufferPool.Buffer two)
      throws BlockException {
    for (long done = 0; done < length; ) {
      long at = offset + done;
      long part = Math.min(length - done, BUFFER - (at & (BUFFER - 1)));
      MemorySegment x = one.segment().asSlice(0, part);
      MemorySegment y = two.segment().asSlice(0, part);
      long mismatch;
      if (second.zero()) {
        read(a, at, x);
        mismatch = firstNonZero(x);
      } else if (first.zero()) {
        read(b, at, y);
        mismatch = firstNonZero(y);
      } else {
        read(a, at, x);
        read(b, at, y);
        mismatch = x.mismatch(y);
      }
      if (mismatch >= 0) {
        return at + mismatch / SECTOR * SECTOR;
      }
      done += part;
    }
    return -1;
  }

  private static long firstNonZero(MemorySegment memory) {
    if (IoVector.isZero(memory)) {
      return -1;
    }
    long at = 0;
    while (IoVector.isZero(memory, at, Math.min(SECTOR, memory.byteSize() - at))) {
      at += SECTOR;
    }
    return at;
  }

  private void read(BlockBackend image, long offset, MemorySegment into) throws BlockException {
    try {
      image.read(offset, IoVector.of(into), 0);
    } catch (BlockException e) {
      failureCode = 4;
      throw e.during("Error while reading offset " + offset + " of " + image.node().filename());
    }
  }

  private long notZero(BlockBackend image, long offset, BufferPool.Buffer buffer)
      throws BlockException {
    for (long at = offset; at < image.length(); ) {
      Extent extent = status(image, at, Math.min(image.length() - at, MAX_STATUS));
      if (!extent.zero()) {
        for (long done = 0; done < extent.length(); ) {
          long part = Math.min(extent.length() - done, BUFFER);
          MemorySegment memory = buffer.segment().asSlice(0, part);
          read(image, at + done, memory);
          long found = firstNonZero(memory);
          if (found >= 0) {
            return at + done + found;
          }
          done += part;
        }
      }
      at += extent.length();
    }
    return -1;
  }
}
