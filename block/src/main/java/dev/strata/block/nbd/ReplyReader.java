// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.ErrorChunk;
import dev.strata.block.nbd.protocol.HeaderStyle;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.NbdError;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.ReplyChunk;
import dev.strata.block.nbd.protocol.SimpleReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes replies apart, each into the request it is for. One thread at a time.
 *
 * <p>Every length is held against the request before a byte of the payload is waited for.
 */
final class ReplyReader {
  /** Requests by cookie. */
  @FunctionalInterface
  interface Requests {
    /** The request that waits for a reply with that cookie, or null. */
    @Nullable NbdRequest find(long cookie);
  }

  private static final int MAX_ERROR_PAYLOAD = NbdLimits.STRING + 64; // with what is not known
  private static final int MAX_ERRORS = 1024; // of one reply: an end of those that never end

  private final Inbox inbox;
  private final HeaderStyle style;
  private final boolean extended;
  private final @Nullable MetaContext context;
  private final Requests requests;

  ReplyReader(Inbox inbox, NegotiatedExport export, Requests requests) {
    this.inbox = inbox;
    this.style = export.style();
    this.extended = style.isExtended();
    this.context = export.context();
    this.requests = requests;
  }

  /**
   * Reads one simple reply or one chunk.
   *
   * @return the request that is done with it, or null if that has more to come
   * @throws ProtocolViolation if the server breaks the rules
   * @throws IOException if the connection has ended
   */
  @Nullable NbdRequest next() throws IOException {
    inbox.need(Integer.BYTES);
    ByteBuffer bytes = inbox.bytes();
    int magic = bytes.getInt(bytes.position());
    if (magic == SimpleReply.MAGIC && !extended) {
      return simple();
    }
    int chunkMagic = extended ? ReplyChunk.EXTENDED_MAGIC : ReplyChunk.STRUCTURED_MAGIC;
    if (magic == chunkMagic && style.hasChunks()) {
      return chunk();
    }
    throw new ProtocolViolation("reply magic 0x" + Integer.toHexString(magic));
  }

  private NbdRequest request(long cookie) throws ProtocolViolation {
    NbdRequest request = requests.find(cookie);
    if (request == null) {
      throw new ProtocolViolation("reply to a request that was not made");
    }
    return request;
  }

  private static ProtocolViolation violation(NbdRequest request, String what) {
    request.violate(BlockException.of(Errno.EINVAL));
    return new ProtocolViolation("reply to " + Command.name(request.command) + ": " + what);
  }

  private NbdRequest simple() throws IOException {
    inbox.need(SimpleReply.SIZE);
    ByteBuffer bytes = inbox.bytes();
    int error = SimpleReply.error(bytes, bytes.position());
    NbdRequest request = request(SimpleReply.cookie(bytes, bytes.position()));
    inbox.take(SimpleReply.SIZE);
    if (style.hasChunks() && request.command == Command.READ) {
      throw violation(request, "simple");
    }
    if (error != 0) {
      request.fail(BlockException.of(NbdError.errno(error)));
    } else if (request.command == Command.BLOCK_STATUS) {
      throw violation(request, "simple");
    } else if (request.command == Command.READ && request.arrives(0, request.length)) {
      inbox.fill(request.data, 0, request.length);
    }
    request.complete();
    return request;
  }

  private @Nullable NbdRequest chunk() throws IOException {
    int headerSize = ReplyChunk.headerSize(extended);
    inbox.need(headerSize);
    ByteBuffer bytes = inbox.bytes();
    int at = bytes.position();
    int flags = ReplyChunk.flags(bytes, at);
    int type = ReplyChunk.type(bytes, at);
    long length = ReplyChunk.length(bytes, at, extended);
    NbdRequest request = request(ReplyChunk.cookie(bytes, at));
    if (extended && ReplyChunk.requestOffset(bytes, at) != request.offset) {
      throw violation(request, "another offset");
    }
    inbox.take(headerSize);
    boolean last = (flags & ReplyChunk.DONE) != 0;
    switch (type) {
      case ReplyChunk.NONE -> {
        if (length != 0 || !last) {
          throw violation(request, "an empty chunk that is not the end");
        }
      }
      case ReplyChunk.OFFSET_DATA -> data(request, length);
      case ReplyChunk.OFFSET_HOLE -> hole(request, length);
      case ReplyChunk.BLOCK_STATUS -> status(request, length, false);
      case ReplyChunk.BLOCK_STATUS_EXT -> status(request, length, true);
      default -> {
        if (!ReplyChunk.isError(type)) {
          throw violation(request, "chunk type " + type);
        }
        error(request, type, length);
      }
    }
    if (!last) {
      return null;
    }
    request.complete();
    return request;
  }

  private void data(NbdRequest request, long length) throws IOException {
    // Unsigned numbers: what is negative is too large.
    if (request.command != Command.READ
        || length <= ReplyChunk.DATA_PREFIX
        || length > ReplyChunk.DATA_PREFIX + request.length) {
      throw violation(request, "data of a wrong length");
    }
    inbox.need(ReplyChunk.DATA_PREFIX);
    ByteBuffer bytes = inbox.bytes();
    long start = bytes.getLong(bytes.position()) - request.offset;
    inbox.take(ReplyChunk.DATA_PREFIX);
    long size = length - ReplyChunk.DATA_PREFIX;
    if (!request.arrives(start, size)) {
      throw violation(request, "data at a wrong place");
    }
    inbox.fill(request.data, start, size);
  }

  private void hole(NbdRequest request, long length) throws IOException {
    if (request.command != Command.READ || length != ReplyChunk.HOLE_PAYLOAD) {
      throw violation(request, "a hole of a wrong length");
    }
    inbox.need(ReplyChunk.HOLE_PAYLOAD);
    ByteBuffer bytes = inbox.bytes();
    long start = bytes.getLong(bytes.position()) - request.offset;
    long size = bytes.getInt(bytes.position() + Long.BYTES) & 0xffff_ffffL;
    inbox.take(ReplyChunk.HOLE_PAYLOAD);
    if (!request.arrives(start, size)) {
      throw violation(request, "a hole at a wrong place");
    }
    request.data.slice(start, size).fill((byte) 0);
  }

  private void status(NbdRequest request, long length, boolean wide) throws IOException {
    int prefix = ReplyChunk.statusPrefix(wide);
    int size = BlockDescriptor.size(wide);
    long list = length - prefix;
    if (request.command != Command.BLOCK_STATUS
        || wide != extended
        || length < 0
        || list < size
        || list % size != 0
        || list / size > NbdLimits.DESCRIPTORS) {
      throw violation(request, "a status of a wrong length");
    }
    inbox.need(prefix + size);
    ByteBuffer bytes = inbox.bytes();
    int at = bytes.position();
    int id = bytes.getInt(at);
    long run = BlockDescriptor.length(bytes, at + prefix, wide);
    long value = BlockDescriptor.status(bytes, at + prefix, wide);
    boolean counted = !wide || (bytes.getInt(at + Integer.BYTES) & 0xffff_ffffL) == list / size;
    inbox.take(prefix + size);
    if (context == null || id != context.id() || !counted || request.hasStatus() || run <= 0) {
      throw violation(request, "a status that was not asked for");
    }
    request.status(run, value);
    inbox.skip(list - size); // one descriptor was asked for; others are in order, but of no use
  }

  private void error(NbdRequest request, int type, long length) throws IOException {
    if (length < 0 || length > MAX_ERROR_PAYLOAD) {
      throw violation(request, "an error of " + Long.toUnsignedString(length) + " bytes");
    }
    inbox.need((int) length);
    ByteBuffer bytes = inbox.bytes();
    ErrorChunk chunk;
    try {
      chunk = ErrorChunk.decode(type, bytes.slice(bytes.position(), (int) length));
    } catch (BlockException e) {
      throw violation(request, String.valueOf(e.getMessage()));
    }
    inbox.take((int) length);
    long start = chunk.offset() - request.offset;
    if (type == ReplyChunk.ERROR_OFFSET && (start < 0 || start > request.length)) {
      throw violation(request, "an error at a wrong place");
    }
    if (request.fail(BlockException.of(NbdError.errno(chunk.error()))) > MAX_ERRORS) {
      throw violation(request, "errors without end");
    }
  }
}
