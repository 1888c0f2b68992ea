// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.nbd.protocol.HeaderStyle;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.TransmissionFlags;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A disk that clients can choose.
 *
 * @param name by which they do; at most {@link NbdLimits#STRING} bytes, empty for the default
 * @param description for people; may be empty
 * @param disk stays its owner's
 * @param readOnly whether writes of any kind are refused
 * @param multiConnection whether clients are told that one may have several connections
 * @param contexts the kinds of block status, each name once
 */
public record Export(
    String name,
    String description,
    BlockBackend disk,
    boolean readOnly,
    boolean multiConnection,
    List<StatusContext> contexts) {
  /** Below this requests are slow, for a host reads and writes pages. */
  private static final int PREFERRED_BLOCK = 4096;

  /** What is asked of a node that is exported, whose size clients know. */
  public static Permissions permissions(boolean writable) {
    var needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (writable) {
      needed.add(Permission.WRITE);
    }
    var shared = EnumSet.allOf(Permission.class);
    shared.remove(Permission.RESIZE);
    return new Permissions(needed, shared);
  }

  /** In bytes. */
  long size() {
    return disk.length();
  }

  /** The unit of offsets and lengths that the disk has, in bytes. */
  int minimumBlock() {
    return Math.min(disk.limits().requestAlignment(), NbdLimits.MINIMUM_BLOCK);
  }

  /**
   * What a client is told of block sizes.
   *
   * @param asked whether it asked; one that did not may not know them, and may use any
   */
  InfoItem.BlockSize blockSize(boolean asked) {
    int minimum = asked ? minimumBlock() : 1;
    long most = disk.limits().maxTransfer();
    long maximum = most == 0 ? NbdLimits.PAYLOAD : Math.clamp(most, minimum, NbdLimits.PAYLOAD);
    return new InfoItem.BlockSize(minimum, Math.max(PREFERRED_BLOCK, minimum), (int) maximum);
  }

  /** What a client is told of the commands. */
  int flags(HeaderStyle style) {
    int flags =
        TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.SEND_CACHE;
    if (readOnly) {
      flags |= TransmissionFlags.READ_ONLY;
    } else {
      flags |=
          TransmissionFlags.SEND_TRIM
              | TransmissionFlags.SEND_WRITE_ZEROES
              | TransmissionFlags.SEND_FAST_ZERO;
    }
    if (style.hasChunks()) {
      flags |= TransmissionFlags.SEND_DF;
    }
    if (multiConnection) {
      flags |= TransmissionFlags.CAN_MULTI_CONN;
    }
    return flags;
  }

  /** Keeps users from the bitmaps that clients see, or lets them. */
  public void keepBitmaps(boolean kept) {
    for (StatusContext context : contexts) {
      if (context instanceof StatusContext.Bitmap(DirtyBitmap bitmap)) {
        bitmap.busy(kept);
      }
    }
  }

  /** The context of that name, or null. */
  @Nullable StatusContext context(String wanted) {
    for (StatusContext context : contexts) {
      if (context.name().equals(wanted)) {
        return context;
      }
    }
    return null;
  }
}
