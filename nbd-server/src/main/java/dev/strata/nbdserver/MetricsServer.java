// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.posix.Listener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;

/**
 * Tells what a server has done to whoever asks by HTTP, as Prometheus does: {@code GET /metrics}.
 * What it is asked for besides is answered by 404; a connection serves one request.
 */
public final class MetricsServer {
  private static final int MAX_REQUEST = 8192;
  private static final int MOST_AT_A_TIME = 16;
  private static final long PATIENCE_MILLIS = 5000;

  private final NbdServer server;
  private final Listener listener;
  private final Semaphore room = new Semaphore(MOST_AT_A_TIME);

  private MetricsServer(NbdServer server, Listener listener) {
    this.server = server;
    this.listener = listener;
  }

  /**
   * Answers until the listener is closed.
   *
   * @param listener stays the caller's
   */
  public static void start(NbdServer server, Listener listener) {
    var metrics = new MetricsServer(server, listener);
    Thread.ofPlatform().daemon().name("nbd-metrics").start(metrics::accept);
  }

  private void accept() {
    while (true) {
      room.acquireUninterruptibly();
      SocketChannel channel;
      try {
        channel = listener.channel().accept();
      } catch (IOException e) {
        return; // the end, as far as metrics are concerned
      }
      Thread.ofVirtual().start(() -> answer(channel));
    }
  }

  private void answer(SocketChannel channel) {
    Thread limit =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Thread.sleep(PATIENCE_MILLIS);
                channel.close();
              } catch (InterruptedException | IOException e) {
                // Answered in time, or closed already.
              }
            });
    try (channel) {
      String request = request(channel);
      ByteBuffer bytes = ByteBuffer.wrap(response(request).getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.shutdownOutput();
    } catch (IOException e) {
      // Whoever asked has gone.
    } finally {
      limit.interrupt();
      room.release();
    }
  }

  /** The first line; what follows it, up to the empty line, is passed over. */
  private static String request(SocketChannel channel) throws IOException {
    var bytes = ByteBuffer.allocate(MAX_REQUEST);
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
      if (text.contains("\r\n\r\n") || text.contains("\n\n")) {
        return text.substring(0, text.indexOf('\n')).strip();
      }
    }
    return "";
  }

  private String response(String request) {
    String[] words = request.split(" ", -1);
    boolean head = words[0].equals("HEAD");
    if (words.length != 3 || !(words[0].equals("GET") || head)) {
      return head("400 Bad Request", "text/plain", 0);
    }
    String path =
        words[1].indexOf('?') < 0 ? words[1] : words[1].substring(0, words[1].indexOf('?'));
    if (!path.equals("/metrics")) {
      return head("404 Not Found", "text/plain", 0);
    }
    String page = MetricsPage.of(server);
    String start = head("200 OK", MetricsPage.TYPE, page.getBytes(StandardCharsets.UTF_8).length);
    return head ? start : start + page;
  }

  private static String head(String status, String type, int length) {
    return "HTTP/1.1 "
        + status
        + "\r\nContent-Type: "
        + type
        + "\r\nContent-Length: "
        + length
        + "\r\nConnection: close\r\n\r\n";
  }
}
