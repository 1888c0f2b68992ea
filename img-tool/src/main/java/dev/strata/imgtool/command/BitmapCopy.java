// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BitmapStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Copies the persistent bitmaps of an image into the image that its content was copied to. */
final class BitmapCopy {
  private BitmapCopy() {}

  /** Throws if the bitmaps of the sources cannot be copied, whatever the target is. */
  static void checkSource(List<BlockBackend> sources, boolean skipBroken, Arguments arguments)
      throws UsageException {
    if (sources.size() > 1) {
      throw arguments.wrongValue("Copying bitmaps only possible with single source");
    }
    BlockNode source = sources.getFirst().node();
    if (!keepsBitmaps(source)) {
      throw arguments.wrongValue("Source lacks bitmap support");
    }
    for (DirtyBitmap bitmap : source.bitmaps().all().reversed()) {
      if (bitmap.persistent() && bitmap.inconsistent() && !skipBroken) {
        throw arguments.wrong(
            new BlockException(
                    Errno.EINVAL, "Cannot copy inconsistent bitmap '" + bitmap.name() + "'")
                .withHint(
                    "Try --skip-broken-bitmaps, or use 'qemu-img bitmap --remove' to delete it"));
      }
    }
  }

  private static boolean keepsBitmaps(BlockNode node) {
    Optional<BitmapStore> store = node.capability(BitmapStore.class);
    return store.isPresent() && store.get().keepsBitmaps();
  }

  /** Throws if the target keeps no bitmaps. */
  static void checkTarget(BlockNode target, Arguments arguments) throws UsageException {
    if (!keepsBitmaps(target)) {
      throw arguments.wrongValue(
          "Format driver '" + target.driverName() + "' does not support bitmaps");
    }
  }

  /** Copies those that are whole; the others have been agreed to be left out. */
  static void copy(BlockNode source, BlockBackend target, Terminal terminal) throws BlockException {
    var copies = new ArrayList<DirtyBitmap>();
    try {
      // From the last to the first: if one fails, those are there that the reference has copied.
      for (DirtyBitmap bitmap : source.bitmaps().all().reversed()) {
        if (!bitmap.persistent()) {
          continue;
        }
        if (bitmap.inconsistent()) {
          terminal.error("warning: Skipping inconsistent bitmap '" + bitmap.name() + "'");
          continue;
        }
        copies.add(copy(bitmap, target));
      }
    } finally {
      BitmapSet bitmaps = target.node().bitmaps();
      for (DirtyBitmap copy : copies) { // the newest is stored first
        bitmaps.add(copy);
      }
    }
  }

  private static DirtyBitmap copy(DirtyBitmap bitmap, BlockBackend target) throws BlockException {
    DirtyBitmap copy;
    try {
      copy = BitmapCommand.create(bitmap.name(), target, bitmap.granularity());
    } catch (BlockException e) {
      throw e.during("Failed to create bitmap " + bitmap.name());
    }
    copy.enable(bitmap.enabled());
    try {
      BitmapCommand.merge(bitmap, copy);
    } catch (BlockException e) {
      throw e.during("Failed to populate bitmap " + bitmap.name());
    }
    return copy;
  }
}
