// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.compare.ImageComparison;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Terminal;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img compare}: exit code 0 if two images read alike, 1 if not, 2 for a failure. */
final class Compare extends ImageCommand {

  private static final int FAILED = 2;
  private static final int STATUS_FAILED = 3;
  private static final int READ_FAILED = 4;

  private boolean strict;
  private boolean quiet;
  private int failureCode = FAILED;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "first-format", "FMT", "the first image's format; guessed if not given")
        .with('F', "second-format", "FMT", "the second image's format; guessed if not given")
        .with('T', "cache", "CACHE", "the images' cache mode")
        .with('p', "progress-bar", null, "show how far it is")
        .with('q', "quiet", null, "tell by the exit code only")
        .with('s', "strict", null, "sizes and allocation have to be alike too")
        .with('U', "force-share", null, "read also while others write")
        .with(IMAGE_OPTS, "image-opts", null, "the images are lists of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .with(PROGRESS, "progress", "json", "print a line of JSON for each step")
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
  int failureCode() {
    return failureCode;
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String first = null;
    String second = null;
    String cache = "writeback";
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'f' -> first = arguments.argument();
        case 'F' -> second = arguments.argument();
        case 'T' -> cache = arguments.argument();
        case 'q' -> {
          quiet = true;
          opener.quiet();
        }
        case 's' -> strict = true;
        case OBJECT -> {
          try {
            take(option, arguments, opener);
          } catch (UsageException e) {
            return e.code == 0 ? 0 : FAILED;
          }
        }
        default -> take(option, arguments, opener);
      }
    }
    if (arguments.operands().size() != 2) {
      throw arguments.wrong("Expecting two image file names");
    }
    CacheMode mode = CacheMode.of(cache);
    if (mode == null) {
      terminal.error("Invalid source cache option: " + cache);
      return FAILED;
    }
    if (opener.hasImageOptions() && (first != null || second != null)) {
      terminal.error("--image-opts and --format are mutually exclusive");
      return FAILED;
    }
    boolean asOptions = opener.hasImageOptions();
    var flags = ImageOpener.flags(false, mode);
    BlockBackend a = opener.open(arguments.operands().get(0), first, asOptions, flags, mode, true);
    BlockBackend b = opener.open(arguments.operands().get(1), second, asOptions, flags, mode, true);
    String difference;
    try (var progress = new Progress(terminal, progressStyle(opener))) {
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
    if (strict && a.length() != b.length()) {
      return "Strict mode: Image size mismatch!";
    }
    int workers = workers();
    var comparison = new ImageComparison(a, b, strict, workers, progress);
    String difference = text(comparison.common());
    if (difference == null && a.length() != b.length()) {
      say("Warning: Image size mismatch!", terminal);
      difference = text(comparison.rest());
    }
    return difference;
  }

  private @Nullable String text(ImageComparison.@Nullable Finding finding) throws BlockException {
    if (finding instanceof ImageComparison.Content(long offset)) {
      return "Content mismatch at offset " + offset + "!";
    }
    if (finding instanceof ImageComparison.Allocation(long offset)) {
      return "Strict mode: Offset " + offset + " block status mismatch!";
    }
    if (finding instanceof ImageComparison.Failed failed) {
      String name = failed.image().node().filename();
      failureCode = failed.reading() ? READ_FAILED : STATUS_FAILED;
      throw failed.reading()
          ? failed.reason().during("Error while reading offset " + failed.offset() + " of " + name)
          : new BlockException(
              failed.reason().errno(), "Sector allocation test failed for " + name);
    }
    return null;
  }
}
