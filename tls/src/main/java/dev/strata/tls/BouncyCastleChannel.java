// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.tls.TlsChannel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.bouncycastle.tls.TlsNoCloseNotifyException;
import org.bouncycastle.tls.TlsProtocol;

/**
 * A connection whose handshake is done.
 *
 * <p>No farewell is sent: it would wait for a peer that does not read, and NBD has its own.
 */
final class BouncyCastleChannel implements TlsChannel {
  /** The most data that a record has. */
  private static final int RECORD = 16 * 1024;

  private final ByteChannel socket;
  private final TlsProtocol protocol;
  private final Records records;
  private final ReentrantLock reading = new ReentrantLock();
  private final ReentrantLock writing = new ReentrantLock();
  private final byte[] input = new byte[RECORD]; // guarded by reading
  private final byte[] output = new byte[RECORD]; // guarded by writing

  BouncyCastleChannel(ByteChannel socket, TlsProtocol protocol, Records records) {
    this.socket = socket;
    this.protocol = protocol;
    this.records = records;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (!into.hasRemaining()) {
      return 0;
    }
    reading.lock();
    try {
      int total = 0;
      do {
        int count = protocol.readApplicationData(input, 0, Math.min(into.remaining(), RECORD));
        if (count < 0) {
          return total == 0 ? -1 : total;
        }
        into.put(input, 0, count);
        total += count;
      } while (into.hasRemaining() && protocol.applicationDataAvailable() > 0);
      return total;
    } catch (TlsNoCloseNotifyException e) {
      return -1; // GnuTLS's programs say no farewell either
    } finally {
      reading.unlock();
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int total = from.remaining();
    writing.lock();
    try {
      while (from.hasRemaining()) {
        int part = Math.min(from.remaining(), RECORD);
        from.get(output, 0, part);
        protocol.writeApplicationData(output, 0, part);
      }
      records.send();
    } finally {
      writing.unlock();
    }
    return total;
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /**
   * Records on their way to the socket: several together, for each write of the socket costs a call
   * of the system. What the protocol sends of its own accord goes when it is flushed.
   */
  static final class Records extends OutputStream {
    private static final int CAPACITY = 72 * 1024; // four records, with what is around them

    private final ByteChannel socket;
    private final ByteBuffer waiting = ByteBuffer.allocateDirect(CAPACITY); // guarded by this
    private boolean batching; // guarded by this

    Records(ByteChannel socket) {
      this.socket = socket;
    }

    /** From now on flushing waits for {@link #send}. */
    synchronized void batch() {
      batching = true;
    }

    @Override
    public void write(int each) throws IOException {
      write(new byte[] {(byte) each}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
      int at = offset;
      int left = length;
      while (left > 0) {
        if (!waiting.hasRemaining()) {
          send();
        }
        int part = Math.min(left, waiting.remaining());
        waiting.put(bytes, at, part);
        at += part;
        left -= part;
      }
    }

    @Override
    public synchronized void flush() throws IOException {
      if (!batching) {
        send();
      }
    }

    synchronized void send() throws IOException {
      waiting.flip();
      try {
        while (waiting.hasRemaining()) {
          socket.write(waiting);
        }
      } finally {
        waiting.clear();
      }
    }
  }
}
