// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.copy.LayerCommit;
import dev.strata.block.driver.Emptiable;
import dev.strata.block.graph.BackingChain;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Progress;
import dev.strata.monitor.commandline.Terminal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img commit}. */
final class Commit extends ImageCommand {
  private @Nullable String baseName;
  private boolean drop;
  private long bytesPerSecond;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('b', "base", "BASE", "the layer to commit to, if not the next; implies -d")
        .with('d', "drop", null, "leave the image as it is afterwards: it will be removed")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('h', "help", null, "show this help and end")
        .with('p', "progress-bar", null, "show how far it is")
        .with('q', "quiet", null, "say nothing but errors")
        .with('r', "rate-limit", "RATE", "copy at most so many bytes in a second")
        .with('t', "cache", "CACHE", "the images' cache mode")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .with(PROGRESS, "progress", "json", "print a line of JSON for each step")
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "writes the changes in an image into its backing file",
        """
        The image is emptied after that, and reads as before. A backing file that is smaller than
        the image grows. Layers between the image and the base given by -b are of no use any more,
        and no other image may stand on the base or on them.
        """,
        "qemu-img commit overlay.qcow2",
        "makes overlay.qcow2's backing file read as it does");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String cacheName = "writeback";
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'b' -> {
          baseName = arguments.argument();
          drop = true; // what lies between becomes worthless, the top stays true as it is
        }
        case 'd' -> drop = true;
        case 'r' -> bytesPerSecond = Convert.number(arguments, "rate limit");
        case 't' -> cacheName = arguments.argument();
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    opener.requireOneFormat(arguments);
    CacheMode cache = opener.cache(arguments, cacheName, "");
    BlockBackend image = opener.open(filename, ImageOpener.flags(true, cache), cache, true);
    try (var progress = new Progress(terminal, progressStyle(opener))) {
      commit(image, filename, arguments, progress);
    }
    if (!opener.isQuiet()) {
      terminal.out().print("Image committed.\n");
    }
    return 0;
  }

  private void commit(BlockBackend image, String filename, Arguments arguments, Progress progress)
      throws BlockException, UsageException {
    BlockNode base;
    if (baseName != null) {
      base = BackingChain.find(image.node(), baseName);
      if (base == null) {
        throw arguments.wrongValue(
            "Did not find '" + baseName + "' in the backing chain of '" + filename + "'");
      }
    } else {
      Edge backing = image.node().skipFilters().backing();
      if (backing == null) {
        throw arguments.wrongValue("Image does not have a backing file");
      }
      base = backing.node();
    }
    try (LayerCommit commit = prepare(image, base, arguments, progress)) {
      run(commit, arguments);
    }
    if (!drop) {
      empty(image, filename, arguments);
    }
    progress.finish();
  }

  /** What the image could not take before, it cannot take at its end. */
  @Override
  boolean tellsOfClosingAfterFailure() {
    return false;
  }

  private LayerCommit prepare(
      BlockBackend image, BlockNode base, Arguments arguments, Progress progress)
      throws UsageException {
    int workers = workers();
    try {
      return LayerCommit.prepare(image, base, workers, bytesPerSecond, progress);
    } catch (BlockException e) {
      throw arguments.wrong(e);
    }
  }

  private static void run(LayerCommit commit, Arguments arguments) throws UsageException {
    try {
      commit.run();
    } catch (BlockException e) {
      throw arguments.wrongValue("Block job failed: " + e.errno().text());
    }
  }

  private static void empty(BlockBackend image, String filename, Arguments arguments)
      throws UsageException {
    // An image of another format keeps what its backing file has now, too.
    Optional<Emptiable> emptiable = image.node().capability(Emptiable.class);
    try {
      if (emptiable.isPresent()) {
        emptiable.get().makeEmpty();
      }
    } catch (BlockException e) {
      throw arguments.wrongValue("Failed to empty " + filename + ": " + e.getMessage());
    }
  }
}
