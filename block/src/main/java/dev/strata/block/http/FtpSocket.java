// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a server, whose reads end in time. Used by one thread at a time, but closed by
 * any.
 */
final class FtpSocket extends InputStream {
  private static final int BUFFER = 64 << 10;

  private final Socket plain;
  private final String host;
  private final int timeoutMillis;
  private final byte[] buffer = new byte[BUFFER];
  private Socket socket; // plain, or TLS over it
  private int next; // of the buffer's bytes
  private int end;
  private long start;

  private FtpSocket(Socket plain, String host, int timeoutMillis) {
    this.plain = plain;
    this.socket = plain;
    this.host = host;
    this.timeoutMillis = timeoutMillis;
  }

  /**
   * Connects.
   *
   * @param host the server's name, for messages and certificates
   * @param timeoutMillis for this, and for each {@link #restartClock}; 0 for ever
   */
  static FtpSocket connect(InetAddress address, int port, String host, int timeoutMillis)
      throws IOException {
    long start = System.nanoTime();
    var plain = new Socket();
    boolean connected = false;
    try {
      plain.connect(new InetSocketAddress(address, port), timeoutMillis);
      plain.setTcpNoDelay(true);
      connected = true;
    } catch (SocketTimeoutException e) {
      throw new IOException(
          "Connection timed out after " + millisSince(start) + " milliseconds", e);
    } catch (IOException e) {
      throw new IOException(
          "Failed to connect to "
              + host
              + " port "
              + port
              + " after "
              + millisSince(start)
              + " ms: Couldn't connect to server",
          e);
    } finally {
      if (!connected) {
        plain.close();
      }
    }
    var socket = new FtpSocket(plain, host, timeoutMillis);
    socket.restartClock();
    return socket;
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  /**
   * Speaks TLS from here on.
   *
   * @param verify whether the certificate has to bear the server's name
   */
  void startTls(SSLContext context, boolean verify) throws IOException {
    if (next < end) {
      throw new IOException("The server sent what is not protected by TLS");
    }
    var secured =
        (SSLSocket) context.getSocketFactory().createSocket(plain, host, plain.getPort(), true);
    if (verify) {
      SSLParameters parameters = secured.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the rules for names are the same
      secured.setSSLParameters(parameters);
    }
    socket = secured;
    secured.setSoTimeout(left());
    try {
      secured.startHandshake();
    } catch (SocketTimeoutException e) {
      throw timedOut(e);
    } catch (SSLException e) {
      String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IOException("TLS handshake failed: " + text, e);
    }
  }

  InetAddress address() {
    return plain.getInetAddress();
  }

  /** What is read has the whole of the timeout again. */
  void restartClock() {
    start = System.nanoTime();
  }

  /** For the next read, in milliseconds; 0 for ever. */
  private int left() throws IOException {
    if (timeoutMillis == 0) {
      return 0;
    }
    long left = timeoutMillis - millisSince(start);
    if (left <= 0) {
      throw timedOut(null);
    }
    return (int) left;
  }

  private IOException timedOut(@Nullable Throwable cause) {
    return new IOException(
        "Operation timed out after " + millisSince(start) + " milliseconds", cause);
  }

  /** Whether bytes are there that nobody has asked for yet. */
  boolean hasMore() throws IOException {
    return next < end || socket.getInputStream().available() > 0;
  }

  @Override
  public int read() throws IOException {
    if (next == end) {
      next = 0;
      end = 0;
      int count = receive(buffer, 0, buffer.length);
      if (count < 0) {
        return -1;
      }
      end = count;
    }
    return buffer[next++] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (next == end) {
      return receive(into, offset, length);
    }
    int count = Math.min(length, end - next);
    System.arraycopy(buffer, next, into, offset, count);
    next += count;
    return count;
  }

  private int receive(byte[] into, int offset, int length) throws IOException {
    socket.setSoTimeout(left());
    try {
      return socket.getInputStream().read(into, offset, length);
    } catch (SocketTimeoutException e) {
      throw timedOut(e);
    }
  }

  /** Sends a line, each of whose characters is a byte. */
  void send(String line) throws IOException {
    socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The connection breaks off: TLS is not asked to say farewell, which may wait for the server. */
  @Override
  public void close() throws IOException {
    plain.close();
  }
}
