// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.ErrorChunk;
import dev.strata.block.nbd.protocol.HeaderStyle;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.ReplyChunk;
import dev.strata.block.nbd.protocol.SimpleReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * What a session's requests do, and what is answered. Any number of threads, each with a batch of
 * its own.
 */
final class Requests {
  /** A shorter read is answered with all its bytes: to look for holes would take longer. */
  private static final int HOLES_FROM = 64 * 1024;

  /** How often the disk is asked for one answer: the range may be as long as 2^63 bytes. */
  private static final int MOST_ASKED = 1 << 16;

  /** The bytes around a reply's data. */
  private static final int FRAMING = ReplyChunk.EXTENDED_SIZE + ReplyChunk.HOLE_PAYLOAD;

  private final Session session;
  private final BlockBackend disk;
  private final HeaderStyle style;
  private final boolean extended;
  private final BufferPool buffers;
  private final Semaphore wholeReads;

  /**
   * The requests of a session.
   *
   * @param wholeReads how many reads of all clients may still have {@link ServerLimits#WHOLE_READ}
   */
  Requests(Session session, Semaphore wholeReads) {
    this.wholeReads = wholeReads;
    this.session = session;
    this.disk = session.export().disk();
    this.style = session.style();
    this.extended = style.isExtended();
    this.buffers = disk.node().graph().buffers();
  }

  /** Why a request cannot be tried, or null. Its payload has to be passed over in any case. */
  @Nullable Refusal refusal(Request request) {
    int command = request.command;
    if (command > Command.BLOCK_STATUS || command == Command.DISC) {
      return Refusal.COMMAND;
    }
    if ((request.flags & ~CommandFlags.allowed(command, extended)) != 0
        || (command == Command.READ && request.has(CommandFlags.DF) && !style.hasChunks())) {
      return Refusal.FLAGS;
    }
    boolean writes =
        command == Command.WRITE || command == Command.TRIM || command == Command.WRITE_ZEROES;
    if (writes && session.export().readOnly()) {
      return Refusal.READ_ONLY;
    }
    if (command == Command.FLUSH) {
      return null;
    }
    boolean bounded =
        command == Command.READ || command == Command.WRITE || command == Command.CACHE;
    if (bounded && Long.compareUnsigned(request.length, NbdLimits.PAYLOAD) > 0) {
      return Refusal.TOO_LONG;
    }
    long size = disk.length();
    if (request.length < 0 || request.offset < 0 || request.offset > size - request.length) {
      boolean grows = command == Command.WRITE || command == Command.WRITE_ZEROES;
      return grows ? Refusal.NO_SPACE : Refusal.OUTSIDE;
    }
    if (command == Command.WRITE && extended && !request.has(CommandFlags.PAYLOAD_LEN)) {
      return Refusal.NO_PAYLOAD;
    }
    if (command == Command.BLOCK_STATUS) {
      // Choosing among contexts by a payload is not offered.
      return session.contexts().isEmpty()
          ? Refusal.NO_CONTEXT
          : request.length == 0
              ? Refusal.NO_LENGTH
              : request.has(CommandFlags.PAYLOAD_LEN) ? Refusal.FLAGS : null;
    }
    return null;
  }

  /**
   * Carries out a request that is not refused, and appends the answer.
   *
   * @param payload a write's, else empty
   * @return whether it succeeded
   * @throws IOException if the answer cannot be sent
   */
  boolean run(Request request, IoVector payload, ReplyBatch out) throws IOException {
    try {
      switch (request.command) {
        case Command.READ -> {
          return read(request, out);
        }
        case Command.BLOCK_STATUS -> {
          return status(request, out);
        }
        case Command.WRITE -> {
          int flags = request.has(CommandFlags.FUA) ? RequestFlags.FUA : RequestFlags.NONE;
          disk.write(request.offset, payload, flags);
        }
        case Command.WRITE_ZEROES ->
            disk.writeZeroes(request.offset, request.length, zeroFlags(request));
        case Command.TRIM -> {
          disk.discard(request.offset, request.length);
          if (request.has(CommandFlags.FUA)) {
            disk.flush();
          }
        }
        case Command.FLUSH -> disk.flush();
        case Command.CACHE -> cache(request);
        default -> throw new IllegalStateException("command " + request.command);
      }
    } catch (BlockException e) {
      fail(request, Refusal.of(e), out);
      return false;
    } catch (OutOfMemoryError e) {
      fail(request, Refusal.NO_MEMORY, out);
      return false;
    }
    succeed(request, out);
    return true;
  }

  private static int zeroFlags(Request request) {
    int flags = request.has(CommandFlags.FUA) ? RequestFlags.FUA : RequestFlags.NONE;
    flags |= request.has(CommandFlags.NO_HOLE) ? 0 : RequestFlags.MAY_UNMAP;
    flags |= request.has(CommandFlags.FAST_ZERO) ? RequestFlags.NO_FALLBACK : 0;
    return flags;
  }

  /** Part of a write that is too long to be held whole. */
  void writePart(Request request, long done, IoVector part) throws BlockException {
    disk.write(request.offset + done, part, RequestFlags.NONE);
  }

  /** Ends a write that came in parts. */
  void writeEnd(Request request) throws BlockException {
    if (request.has(CommandFlags.FUA)) {
      disk.flush();
    }
  }

  /** Reads, so that the bytes are in memory, and copied up where the disk does that. */
  private void cache(Request request) throws BlockException {
    int most = (int) Math.min(request.length, ServerLimits.PIECE);
    try (BufferPool.Buffer buffer = buffers.acquire(Math.max(most, 1))) {
      for (long done = 0; done < request.length; done += most) {
        int part = (int) Math.min(most, request.length - done);
        disk.read(request.offset + done, buffer.vector(part), 0);
      }
    }
  }

  // Answers

  void succeed(Request request, ReplyBatch out) throws IOException {
    out.makeRoom(FRAMING);
    if (extended) {
      ReplyChunk.put(
          out.bytes(), true, ReplyChunk.DONE, ReplyChunk.NONE, request.cookie, request.offset, 0);
    } else {
      SimpleReply.put(out.bytes(), 0, request.cookie);
    }
  }

  void fail(Request request, Refusal refusal, ReplyBatch out) throws IOException {
    out.makeRoom(ErrorChunk.maxSize());
    boolean chunk =
        extended
            || (style.hasChunks()
                && (request.command == Command.READ || request.command == Command.BLOCK_STATUS));
    if (chunk) {
      ErrorChunk.put(
          out.bytes(),
          extended,
          ReplyChunk.DONE,
          request.cookie,
          request.offset,
          refusal.error(),
          refusal.message());
    } else {
      SimpleReply.put(out.bytes(), refusal.error(), request.cookie);
    }
  }

  // Reads

  private boolean read(Request request, ReplyBatch out) throws IOException {
    if (!style.hasChunks() || request.has(CommandFlags.DF) || request.length == 0) {
      return request.length <= ServerLimits.PIECE
          ? readWhole(request, out)
          : readLong(request, out);
    }
    long end = request.offset + request.length;
    boolean looksForHoles = request.length >= HOLES_FROM;
    for (long at = request.offset; at < end; ) {
      long run = end - at;
      ByteBuffer bytes = out.bytes();
      try {
        if (looksForHoles) {
          Extent found = disk.statusAbove(null, at, run, StatusDetail.ZEROES).extent();
          run = found.length();
          if (found.zero()) {
            int flags = at + run == end ? ReplyChunk.DONE : 0;
            out.makeRoom(FRAMING);
            ReplyChunk.putHole(
                out.bytes(), extended, flags, request.cookie, request.offset, at, (int) run);
            at += run;
            continue;
          }
        }
        run = Math.min(run, ServerLimits.PIECE);
        out.makeRoom(FRAMING + (int) run);
        int start = bytes.position();
        int flags = at + run == end ? ReplyChunk.DONE : 0;
        ReplyChunk.putData(bytes, extended, flags, request.cookie, request.offset, at, (int) run);
        readInto(out, at, (int) run, start);
      } catch (BlockException e) {
        failAt(request, Refusal.of(e), at, out);
        return false;
      }
      at += run;
    }
    return true;
  }

  /** Reads behind what the batch has; a failure leaves the batch as it was at {@code start}. */
  private void readInto(ReplyBatch out, long offset, int length, int start) throws BlockException {
    try {
      disk.read(offset, out.next(length), 0);
    } catch (BlockException | OutOfMemoryError e) {
      out.bytes().position(start);
      throw e;
    }
    out.append(length);
  }

  private void failAt(Request request, Refusal refusal, long offset, ReplyBatch out)
      throws IOException {
    out.makeRoom(ErrorChunk.maxSize());
    ErrorChunk.putAt(
        out.bytes(),
        extended,
        ReplyChunk.DONE,
        request.cookie,
        request.offset,
        refusal.error(),
        refusal.message(),
        offset);
  }

  /** Appends all of the answer but the data of a read that is answered in one part. */
  private void putHeader(Request request, ByteBuffer bytes) {
    if (!style.hasChunks()) {
      SimpleReply.put(bytes, 0, request.cookie);
    } else if (request.length == 0) {
      ReplyChunk.put(
          bytes, extended, ReplyChunk.DONE, ReplyChunk.NONE, request.cookie, request.offset, 0);
    } else {
      ReplyChunk.putData(
          bytes,
          extended,
          ReplyChunk.DONE,
          request.cookie,
          request.offset,
          request.offset,
          (int) request.length);
    }
  }

  private boolean readWhole(Request request, ReplyBatch out) throws IOException {
    int length = (int) request.length;
    out.makeRoom(FRAMING + length);
    int start = out.bytes().position();
    putHeader(request, out.bytes());
    if (length > 0) {
      try {
        readInto(out, request.offset, length, start);
      } catch (BlockException e) {
        fail(request, Refusal.of(e), out);
        return false;
      }
    }
    return true;
  }

  /**
   * Answers a long read whose success has to be said first. What does not fit into memory is read
   * while it is sent; if that fails, all that is left is to hang up.
   */
  private boolean readLong(Request request, ReplyBatch out) throws IOException {
    boolean whole = wholeReads.tryAcquire();
    try {
      int most = whole ? ServerLimits.WHOLE_READ : ServerLimits.PIECE;
      return readLong(request, (int) Math.min(request.length, most), out);
    } finally {
      if (whole) {
        wholeReads.release();
      }
    }
  }

  private boolean readLong(Request request, int held, ReplyBatch out) throws IOException {
    try (BufferPool.Buffer first = buffers.acquire(held)) {
      try {
        disk.read(request.offset, first.vector(held), 0);
      } catch (BlockException e) {
        fail(request, Refusal.of(e), out);
        return false;
      }
      out.makeRoom(FRAMING);
      putHeader(request, out.bytes());
      out.socket().hold();
      try {
        out.send();
        out.socket().send(first.segment().asSlice(0, held).asByteBuffer());
        for (long done = held; done < request.length; ) {
          int part = (int) Math.min(ServerLimits.PIECE, request.length - done);
          disk.read(request.offset + done, out.next(part), 0);
          out.append(part);
          out.send();
          done += part;
        }
      } finally {
        out.socket().release();
      }
    }
    return true;
  }

  // Block status

  private boolean status(Request request, ReplyBatch out) throws IOException {
    int count = session.contexts().size();
    for (int id = 0; id < count; id++) {
      int flags = id == count - 1 ? ReplyChunk.DONE : 0;
      try {
        putStatus(request, id, flags, out);
      } catch (BlockException e) {
        fail(request, Refusal.of(e), out);
        return false;
      }
    }
    return true;
  }

  private void putStatus(Request request, int id, int flags, ReplyBatch out) throws IOException {
    StatusContext context = session.contexts().get(id);
    int most = request.has(CommandFlags.REQ_ONE) ? 1 : ServerLimits.DESCRIPTORS;
    // The runs first, for the header tells how many they are.
    int size = BlockDescriptor.size(extended);
    out.makeRoom(FRAMING + most * size);
    ByteBuffer bytes = out.bytes();
    int start = bytes.position();
    int prefix = ReplyChunk.headerSize(extended) + ReplyChunk.statusPrefix(extended);
    bytes.position(start + prefix);
    int count = 0;
    int asked = 0;
    try {
      long at = request.offset;
      long end = request.offset + request.length;
      StatusContext.Run run = context.at(disk, at, end - at);
      while (true) {
        long length = run.length();
        long status = run.status();
        at += length;
        StatusContext.Run next = null;
        // Neighbours of one status are one run.
        while (at < end && asked++ < MOST_ASKED) {
          next = context.at(disk, at, end - at);
          if (next.status() != status) {
            break;
          }
          length += next.length();
          at += next.length();
          next = null;
        }
        BlockDescriptor.put(bytes, extended, length, status);
        count++;
        if (next == null || count == most) {
          break;
        }
        run = next;
      }
    } catch (BlockException e) {
      bytes.position(start);
      throw e;
    }
    int end = bytes.position();
    bytes.position(start);
    ReplyChunk.putStatus(bytes, extended, flags, request.cookie, request.offset, id, count);
    bytes.position(end);
  }
}
