// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.copy.BackingSwitch;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.NodeFlags;
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

/** {@code qemu-img rebase}. */
final class Rebase extends ImageCommand {
  private static final double STEP = 0.02; // of the image, from one line of progress to the next

  private @Nullable String backingName;
  private @Nullable String backingFormat;
  private boolean unsafe;
  private double compared; // of the image, from 0 to 1; guarded by this
  private double shown; // the same; guarded by this

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('b', "backing", "BACKING", "the new backing file; none if empty")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('F', "backing-format", "FMT", "the new backing file's format")
        .with('h', "help", null, "show this help and end")
        .with('p', "progress-bar", null, "show how far it is")
        .with('q', "quiet", null, "say nothing but errors")
        .with('t', "cache", "CACHE", "the image's cache mode")
        .with('T', "source-cache", "CACHE", "the backing files' cache mode")
        .with('u', "unsafe", null, "change the name only: the content is known to be the same")
        .with('U', "force-share", null, "read the new backing file also while others write")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .with(PROGRESS, "progress", "json", "print a line of JSON for each step")
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "gives an image another backing file",
        """
        The image reads as before: where the two backing files differ, it takes over what the old
        one holds. With -u only the name is changed, for a backing file that was moved or that is
        known to read alike.
        """,
        "qemu-img rebase -b new-base.qcow2 -F qcow2 disk.qcow2",
        "lets disk.qcow2 stand on new-base.qcow2",
        "qemu-img rebase -b '' disk.qcow2",
        "makes disk.qcow2 stand on its own");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    String cacheName = "writeback";
    String sourceCacheName = "writeback";
    boolean forceShare = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'b' -> backingName = arguments.argument();
        case 'F' -> backingFormat = arguments.argument();
        case 't' -> cacheName = arguments.argument();
        case 'T' -> sourceCacheName = arguments.argument();
        case 'u' -> unsafe = true;
        case 'U' -> forceShare = true;
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    if (!unsafe && backingName == null) {
      throw arguments.wrong("Must specify backing file (-b) or use unsafe mode (-u)");
    }
    opener.requireOneFormat(arguments);
    try (var progress = new Progress(terminal, progressStyle(opener))) {
      CacheMode cache = opener.cache(arguments, cacheName, "");
      CacheMode sourceCache = opener.cache(arguments, sourceCacheName, "source ");
      BlockBackend image = opener.open(filename, ImageOpener.flags(true, cache), cache, !unsafe);
      if (backingFormat != null && opener.graph().drivers().find(backingFormat) == null) {
        throw arguments.wrongValue("Invalid format name: '" + backingFormat + "'");
      }
      if (!unsafe) {
        opener.forceShare(forceShare);
        compare(image, opener, sourceCache, arguments, progress);
      }
      progress.finish();
      changeHeader(image.node().skipFilters(), arguments);
    }
    return 0;
  }

  /** Sees to it that the image reads above the new backing file as it does above the old one. */
  private void compare(
      BlockBackend image,
      ImageOpener opener,
      CacheMode sourceCache,
      Arguments arguments,
      Progress progress)
      throws BlockException, UsageException {
    BlockNode node = image.node().skipFilters();
    Edge oldEdge = node.backing();
    NodeFlags flags = ImageOpener.flags(false, sourceCache);
    BlockBackend oldBacking = oldEdge == null ? null : opener.use(oldEdge.node(), flags);
    BlockBackend newBacking = null;
    BlockNode common = null;
    if (backingName != null && !backingName.isEmpty()) {
      common = BackingChain.find(node, backingName);
      newBacking =
          common != null
              ? opener.use(common, flags)
              : openBacking(node, backingName, opener, flags, sourceCache, arguments);
    }
    int workers = workers();
    new BackingSwitch(
            image,
            oldBacking,
            newBacking,
            common,
            workers,
            share -> advance(share, image.length(), progress))
        .run();
  }

  private BlockBackend openBacking(
      BlockNode image,
      String name,
      ImageOpener opener,
      NodeFlags flags,
      CacheMode cache,
      Arguments arguments)
      throws UsageException {
    try {
      return opener.openBacking(image, name, backingFormat, flags, cache);
    } catch (BlockException e) {
      throw arguments.wrong(e.during("Could not open new backing file '" + name + "'"));
    }
  }

  private synchronized void advance(double share, long length, Progress progress) {
    compared = Math.min(compared + share, 1);
    if (compared >= 1) {
      progress.finish(); // each further part prints the end again
    } else if (compared > shown + STEP) {
      shown = compared;
      progress.progress(Math.round(compared * length), length);
    }
  }

  private void changeHeader(BlockNode node, Arguments arguments) throws UsageException {
    String name = backingName == null ? "" : backingName;
    String reason;
    if (!name.isEmpty() && backingFormat == null) {
      reason = "backing format must be specified";
    } else {
      try {
        Optional<BackingEditable> editable = node.capability(BackingEditable.class);
        if (editable.isEmpty()) {
          throw BlockException.of(Errno.EOPNOTSUPP);
        }
        editable
            .get()
            .changeBacking(name.isEmpty() ? null : new BackingReference(name, backingFormat));
        return;
      } catch (BlockException e) {
        reason = e.errno() == Errno.ENOSPC ? "No space left in the file header" : e.errno().text();
      }
    }
    throw arguments.wrongValue(
        "Could not change the backing file to '" + backingName + "': " + reason);
  }
}
