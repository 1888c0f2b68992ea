// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** How requests and replies are framed, after what was negotiated. */
public enum HeaderStyle {
  /** Compact requests, {@link SimpleReply}s only. */
  SIMPLE,

  /** Compact requests; {@link ReplyChunk}s, and simple replies without data. */
  STRUCTURED,

  /** Requests and {@link ReplyChunk}s of 32 bytes and 64-bit lengths. */
  EXTENDED;

  /** The bytes of a {@link RequestHeader}. */
  public int requestSize() {
    return this == EXTENDED ? RequestHeader.EXTENDED_SIZE : RequestHeader.COMPACT_SIZE;
  }

  /**
   * The bytes of a {@link ReplyChunk}'s header; of a {@link SimpleReply} if there are no chunks.
   */
  public int replySize() {
    return switch (this) {
      case SIMPLE -> SimpleReply.SIZE;
      case STRUCTURED -> ReplyChunk.STRUCTURED_SIZE;
      case EXTENDED -> ReplyChunk.EXTENDED_SIZE;
    };
  }

  /** The bytes before the data of a read. */
  public int beforeData() {
    return hasChunks() ? replySize() + ReplyChunk.DATA_PREFIX : replySize();
  }

  /** Whether a read is answered by {@link ReplyChunk}s. */
  public boolean hasChunks() {
    return this != SIMPLE;
  }

  /** Whether headers are of 32 bytes. */
  public boolean isExtended() {
    return this == EXTENDED;
  }
}
