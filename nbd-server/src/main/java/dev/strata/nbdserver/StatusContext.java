// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.StatusDetail;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.LayeredExtent;
import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.MetaContext;

/** A kind of block status, as a client chooses it by name. */
public sealed interface StatusContext {
  /** At most {@link dev.strata.block.nbd.protocol.NbdLimits#STRING} bytes. */
  String name();

  /** The first bytes of the range that have one status: at least 1, at most {@code length}. */
  Run at(BlockBackend disk, long offset, long length) throws BlockException;

  /**
   * Bytes with one status.
   *
   * @param length in bytes
   * @param status as the protocol numbers it for the context
   */
  record Run(long length, long status) {}

  /** Where the disk has data, holes and zeroes. */
  record BaseAllocation() implements StatusContext {
    @Override
    public String name() {
      return MetaContext.BASE_ALLOCATION;
    }

    @Override
    public Run at(BlockBackend disk, long offset, long length) throws BlockException {
      LayeredExtent found = disk.statusAbove(null, offset, length, StatusDetail.ZEROES);
      int status = found.extent().data() ? 0 : BlockDescriptor.HOLE;
      status |= found.extent().zero() ? BlockDescriptor.ZERO : 0;
      return new Run(found.extent().length(), status);
    }
  }

  /** How many layers down the data lies: 0 nowhere, 1 in the top layer, 2 in its backing file. */
  record AllocationDepth() implements StatusContext {
    @Override
    public String name() {
      return MetaContext.QEMU_ALLOCATION_DEPTH;
    }

    @Override
    public Run at(BlockBackend disk, long offset, long length) throws BlockException {
      LayeredExtent found = disk.statusAbove(null, offset, length, StatusDetail.ALLOCATION);
      int depth = found.extent().allocated() ? found.depth() + 1 : 0;
      return new Run(found.extent().length(), depth);
    }
  }

  /** Where a bitmap is dirty. */
  record Bitmap(DirtyBitmap bitmap) implements StatusContext {
    /**
     * The bitmap of that name, of the node or the first layer below that has it.
     *
     * @param readOnly whether clients may not write, who would rely on a bitmap that stays as it is
     */
    public static Bitmap ofChain(BlockNode top, String name, boolean readOnly)
        throws BlockException {
      for (BlockNode node = top; node != null; ) {
        if (node.bitmaps().find(name) != null) {
          return ofNode(node, name, readOnly);
        }
        Edge backing = node.skipFilters().backing();
        node = backing == null ? null : backing.node();
      }
      throw new BlockException(Errno.ENOENT, "Bitmap '" + name + "' is not found");
    }

    /** The bitmap of that name, of the node itself. */
    public static Bitmap ofNode(BlockNode node, String name, boolean readOnly)
        throws BlockException {
      DirtyBitmap bitmap = node.bitmaps().find(name);
      if (bitmap == null) {
        throw new BlockException(Errno.ENOENT, "Bitmap '" + name + "' is not found");
      }
      bitmap.checkUsable();
      if (readOnly && bitmap.enabled() && node.flags().writable()) {
        throw new BlockException(
            Errno.EINVAL, "Enabled bitmap '" + name + "' incompatible with readonly export");
      }
      return new Bitmap(bitmap);
    }

    @Override
    public String name() {
      return MetaContext.QEMU_DIRTY_BITMAP + bitmap.name();
    }

    @Override
    public Run at(BlockBackend disk, long offset, long length) {
      long end = offset + length;
      long dirty = bitmap.nextDirty(offset, end).orElse(end);
      if (dirty > offset) {
        return new Run(dirty - offset, 0);
      }
      return new Run(bitmap.nextClean(offset, end).orElse(end) - offset, BlockDescriptor.DIRTY);
    }
  }
}
