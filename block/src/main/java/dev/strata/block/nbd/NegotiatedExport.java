// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.nbd.protocol.HeaderStyle;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.TransmissionFlags;
import org.jspecify.annotations.Nullable;

/**
 * What a handshake has led to.
 *
 * @param size in bytes; not negative
 * @param flags {@link TransmissionFlags}
 * @param blockSize checked, or null if the server has said nothing
 * @param context the one context whose status the server tells, or null
 */
record NegotiatedExport(
    long size,
    int flags,
    HeaderStyle style,
    InfoItem.@Nullable BlockSize blockSize,
    @Nullable MetaContext context) {

  boolean has(int flag) {
    return TransmissionFlags.has(flags, flag);
  }

  /** Whether a node that was opened with {@code other} can go on with this one. */
  boolean isAsGoodAs(NegotiatedExport other) {
    return size == other.size
        && (flags & other.flags & ~TransmissionFlags.READ_ONLY)
            == (other.flags & ~TransmissionFlags.READ_ONLY)
        && (!has(TransmissionFlags.READ_ONLY) || other.has(TransmissionFlags.READ_ONLY))
        && (blockSize == null ? other.blockSize == null : blockSize.equals(other.blockSize))
        && (context == null) == (other.context == null);
  }
}
