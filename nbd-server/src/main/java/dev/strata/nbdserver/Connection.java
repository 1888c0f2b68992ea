// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.IoVector;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.serve.Pace;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;

/**
 * The transmission phase with one client, on one thread: takes requests from the socket until the
 * client leaves or breaks the rules.
 */
final class Connection {
  private final Session session;
  private final boolean extended;
  private final int headerSize;
  private final PeerSocket channel;
  private final Requests requests;
  private final RequestInput input;
  private final ReplyBatch out;
  private final Overtaking overtaking;
  private final Pace pace = new Pace();
  private final Traffic traffic;
  private final Request request = new Request();

  /**
   * A connection that has been negotiated.
   *
   * @param channel in blocking mode; the caller closes it
   * @param shared what there still is of what all clients have together
   */
  Connection(Session session, PeerSocket channel, Shared shared, Traffic traffic) {
    this.traffic = traffic;
    this.session = session;
    this.extended = session.style().isExtended();
    this.headerSize = session.style().requestSize();
    this.channel = channel;
    this.requests = new Requests(session, shared.wholeReads());
    var socket = new ReplySocket(channel);
    this.input = new RequestInput(channel);
    try {
      this.out = new ReplyBatch(socket);
    } catch (OutOfMemoryError e) {
      input.close();
      throw e;
    }
    this.overtaking =
        new Overtaking("nbd-overtaking", shared.threads(), socket, this::carryOut, this::hangUp);
  }

  /**
   * Serves the client, once; returns when it has left and all its requests are done.
   *
   * @throws IOException if the connection breaks
   */
  void run() throws IOException {
    try {
      while (serveNext()) {
        // Every request is bounded; how many there are is the client's business.
      }
      out.send();
    } finally {
      overtaking.end();
      out.close();
      input.close();
    }
  }

  /** Ends the connection from another thread. */
  private void hangUp() {
    try {
      channel.close();
    } catch (IOException e) {
      // Broken already, which is why it is closed.
    }
  }

  /** Takes one request; false if there are no more. */
  private boolean serveNext() throws IOException {
    if (!await(headerSize)) {
      return false;
    }
    int at = input.start();
    if (!RequestHeader.hasMagic(input.bytes(), at, extended)) {
      return false;
    }
    request.decode(input.bytes(), at, extended);
    long payload = RequestHeader.payloadLength(input.bytes(), at, extended);
    input.use(headerSize);
    if (request.command == Command.DISC || payload < 0 || payload > NbdLimits.HARD_PAYLOAD) {
      return false;
    }
    Refusal refusal = requests.refusal(request);
    if (refusal != null) {
      if (!skip(payload)) {
        return false;
      }
      requests.fail(request, refusal, out);
      traffic.count(request, false, 0);
      return true;
    }
    if (request.command == Command.WRITE) {
      return payload <= ServerLimits.PIECE ? write((int) payload) : writeLong(payload);
    }
    if (!overtakes() || !handOver(0)) {
      carryOut(request, IoVector.empty(), out);
    }
    return true;
  }

  /** Waits until so many bytes are there; what the client may be waiting for is sent before. */
  private boolean await(int length) throws IOException {
    if (input.available() >= length) {
      return true;
    }
    out.send();
    return input.fill(length);
  }

  private boolean skip(long length) throws IOException {
    for (long left = length; left > 0; ) {
      int part = (int) Math.min(left, ServerLimits.PIECE);
      if (!await(part)) {
        return false;
      }
      input.use(part);
      left -= part;
    }
    return true;
  }

  private boolean write(int length) throws IOException {
    if (!await(length)) {
      return false;
    }
    // Behind it, not it, is what could overtake.
    if (!overtakes(length) || !handOver(length)) {
      carryOut(request, input.next(length), out);
    }
    input.use(length);
    return true;
  }

  /** A write that comes piece by piece; each is written before the next is waited for. */
  private boolean writeLong(long length) throws IOException {
    long start = System.nanoTime();
    BlockException failure = null;
    for (long done = 0; done < length; ) {
      int part = (int) Math.min(ServerLimits.PIECE, length - done);
      if (!await(part)) {
        return false;
      }
      if (failure == null) {
        try {
          requests.writePart(request, done, input.next(part));
        } catch (BlockException e) {
          failure = e;
        }
      }
      input.use(part);
      done += part;
    }
    if (failure == null) {
      try {
        requests.writeEnd(request);
        requests.succeed(request, out);
        traffic.count(request, true, System.nanoTime() - start);
        return true;
      } catch (BlockException e) {
        failure = e;
      }
    }
    requests.fail(request, Refusal.of(failure), out);
    traffic.count(request, false, System.nanoTime() - start);
    return true;
  }

  private boolean overtakes() {
    return overtakes(0);
  }

  /** Whether others shall be able to overtake the request, whose payload is in the input. */
  private boolean overtakes(int payload) {
    boolean waits =
        switch (request.command) {
          case Command.FLUSH, Command.TRIM, Command.WRITE_ZEROES, Command.CACHE -> true;
          case Command.WRITE -> request.has(CommandFlags.FUA) || pace.isSlow();
          case Command.READ -> request.length <= ServerLimits.PIECE && pace.isSlow();
          default -> pace.isSlow();
        };
    return waits && (input.available() > payload || overtaking.isBusy());
  }

  private boolean handOver(int payload) throws IOException {
    if (overtaking.isFull()) {
      out.send();
    }
    Request copy = request.copy();
    if (payload > 0) {
      BufferPool.Buffer buffer = session.export().disk().node().graph().buffers().acquire(payload);
      buffer.segment().copyFrom(input.next(payload).segment(0));
      copy.payload = buffer;
    }
    if (overtaking.submit(copy)) {
      return true;
    }
    if (copy.payload != null) {
      copy.payload.close();
    }
    return false;
  }

  private void carryOut(Request each, IoVector payload, ReplyBatch to) throws IOException {
    long waits = pace.start();
    long start = System.nanoTime();
    boolean succeeded = requests.run(each, payload, to);
    long nanos = System.nanoTime() - start;
    traffic.count(each, succeeded, nanos);
    pace.took(nanos, Math.min(each.length, ServerLimits.PIECE), waits);
  }
}
