// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.RequestHeader;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection in its transmission phase: requests of any number of callers at once, each blocking
 * until its reply is there.
 *
 * <p>At any time at most one caller has the role of the receiver. Only the receiver touches the
 * memory of others' requests and ends them; a caller whose request has ended may go. So when the
 * connection breaks, it is the receiver of that moment who tells all others, and no memory is
 * written to after its owner has it back.
 */
final class NbdConnection implements AutoCloseable {
  /** How many requests may be in flight; others wait for their turn. */
  static final int MAX_IN_FLIGHT = 512;

  private final PeerSocket channel;
  private final NegotiatedExport export;
  private final ReplyReader reader;
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteBuffer header = ByteBuffer.allocateDirect(RequestHeader.EXTENDED_SIZE);
  private final Semaphore turns = new Semaphore(MAX_IN_FLIGHT);
  private final AtomicBoolean receiving = new AtomicBoolean();

  private final Object table = new Object();
  private final @Nullable NbdRequest[] slots = new NbdRequest[MAX_IN_FLIGHT]; // guarded by table
  private final int[] generations = new int[MAX_IN_FLIGHT]; // guarded by table
  private int used; // slots from here on are empty; guarded by table
  private volatile int inFlight; // written under table
  private volatile int largeReads; // of those in flight; written under table
  private volatile boolean broken; // written under table
  private volatile boolean violated;

  /** Goes on after a handshake on {@code channel}, which is this connection's from now on. */
  NbdConnection(PeerSocket channel, NegotiatedExport export) {
    this.channel = channel;
    this.export = export;
    var inbox = new Inbox(channel, export.style().beforeData(), () -> largeReads > 0);
    this.reader = new ReplyReader(inbox, export, this::find);
  }

  NegotiatedExport export() {
    return export;
  }

  /** Whether requests can still be made. */
  boolean isUsable() {
    return !broken;
  }

  /** Whether it ended because the server broke the rules. */
  boolean isViolated() {
    return violated;
  }

  /** How many requests wait for their reply, about. */
  int inFlight() {
    return inFlight;
  }

  /** Carries a request out; {@link NbdRequest#failure} and the others tell how it went. */
  void execute(NbdRequest request) {
    turns.acquireUninterruptibly();
    int slot = enter(request);
    try {
      if (slot < 0) {
        request.lose(BlockException.of(Errno.EIO));
        return;
      }
      try {
        send(request, cookie(slot));
      } catch (IOException e) {
        breakOff();
      }
      await(request);
    } finally {
      leave(slot, request);
      turns.release();
    }
  }

  private int enter(NbdRequest request) {
    synchronized (table) {
      if (broken) {
        return -1;
      }
      int slot = 0;
      while (slots[slot] != null) {
        slot++; // there is an empty one, for there was a turn
      }
      slots[slot] = request;
      generations[slot]++;
      used = Math.max(used, slot + 1);
      inFlight++;
      largeReads += isLargeRead(request) ? 1 : 0;
      return slot;
    }
  }

  private static boolean isLargeRead(NbdRequest request) {
    return request.command == Command.READ && Inbox.isLarge(request.length);
  }

  private void leave(int slot, NbdRequest request) {
    if (slot < 0) {
      return;
    }
    synchronized (table) {
      slots[slot] = null;
      inFlight--;
      largeReads -= isLargeRead(request) ? 1 : 0;
      while (used > 0 && slots[used - 1] == null) {
        used--;
      }
    }
  }

  /** Distinct from all others for a long time, so that a reply that comes twice finds nobody. */
  private long cookie(int slot) {
    synchronized (table) {
      return (long) generations[slot] << Integer.SIZE | slot;
    }
  }

  private @Nullable NbdRequest find(long cookie) {
    int slot = (int) cookie;
    if (slot < 0 || slot >= MAX_IN_FLIGHT) {
      return null;
    }
    synchronized (table) {
      NbdRequest request = slots[slot];
      boolean same = generations[slot] == (int) (cookie >> Integer.SIZE);
      return request == null || !same || request.isDone() ? null : request;
    }
  }

  private void send(NbdRequest request, long cookie) throws IOException {
    boolean extended = export.style().isExtended();
    boolean payload = request.command == Command.WRITE;
    int flags = request.flags | (payload && extended ? CommandFlags.PAYLOAD_LEN : 0);
    sending.lock();
    try {
      header.clear();
      RequestHeader.put(
          header, extended, flags, request.command, cookie, request.offset, request.length);
      header.flip();
      if (payload) {
        sendWithPayload(request.data);
      } else {
        while (header.hasRemaining()) {
          channel.write(header);
        }
      }
    } finally {
      sending.unlock();
    }
  }

  private void sendWithPayload(IoVector payload) throws IOException {
    var parts = new ByteBuffer[1 + payload.count()];
    parts[0] = header;
    for (int i = 0; i < payload.count(); i++) {
      parts[1 + i] = payload.segment(i).asByteBuffer();
    }
    for (int first = 0; first < parts.length; ) {
      channel.write(parts, first, parts.length - first);
      while (first < parts.length && !parts[first].hasRemaining()) {
        first++;
      }
    }
  }

  /** Waits for the reply; reads replies meanwhile unless somebody else does. */
  private void await(NbdRequest request) {
    request.startWaiting();
    boolean interrupted = false;
    while (!request.isDone()) {
      interrupted |= Thread.interrupted(); // it would close the channel, or keep us from parking
      if (receiving.compareAndSet(false, true)) {
        try {
          receiveUntilDone(request);
        } finally {
          receiving.set(false);
        }
        wakeReceiver();
      } else {
        LockSupport.park(this);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void receiveUntilDone(NbdRequest own) {
    while (!own.isDone()) {
      if (broken) {
        loseAll();
        return;
      }
      try {
        NbdRequest done = reader.next();
        if (done != null && done != own) {
          LockSupport.unpark(done.caller());
        }
      } catch (ProtocolViolation e) {
        violated = true;
        breakOff();
      } catch (IOException e) {
        breakOff();
      }
    }
  }

  /** The role of the receiver is free: one of those who wait is to take it. */
  private void wakeReceiver() {
    Thread next = null;
    synchronized (table) {
      for (int i = 0; i < used && next == null; i++) {
        NbdRequest request = slots[i];
        if (request != null && request.isWaiting() && !request.isDone()) {
          next = request.caller();
        }
      }
    }
    if (next != null) {
      LockSupport.unpark(next);
    }
  }

  /** No reply will be waited for any more. Who has the role of the receiver tells the others. */
  private void breakOff() {
    synchronized (table) {
      broken = true;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // It is of no use any more, closed or not.
    }
  }

  /** Only the receiver calls it. */
  private void loseAll() {
    synchronized (table) {
      for (int i = 0; i < used; i++) {
        NbdRequest request = slots[i];
        if (request == null) {
          continue;
        }
        if (!request.isDone()) {
          request.lose(BlockException.of(Errno.EIO));
        }
        LockSupport.unpark(request.caller()); // who is done by a violation was told by nobody
      }
    }
  }

  /** Says goodbye; nothing is in flight. */
  @Override
  public void close() {
    if (!broken) {
      try {
        send(NbdRequest.of(Command.DISC, 0, 0, 0), 0);
      } catch (IOException e) {
        // The server is gone already.
      }
    }
    breakOff();
  }
}
