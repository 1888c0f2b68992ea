// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Answers whatever a client says with the next of its answers, and ends the connection behind the
 * last one. A client that waits for more than it was given gets the next answer soon.
 */
final class AnsweringServer {
  private static final int PATIENCE_MILLIS = 20;
  private static final int BACKLOG = 50;

  /** In an answer: the port where the data are. */
  static final String PORT = "PORT";

  private final ServerSocket control = listen();
  private final ServerSocket data = listen();
  private final boolean speaksFirst;
  private volatile List<byte[]> answers = List.of();
  private volatile byte[] content = {};

  /**
   * On two ports of its own.
   *
   * @param speaksFirst whether the first answer is one to the connection itself
   */
  AnsweringServer(boolean speaksFirst) {
    this.speaksFirst = speaksFirst;
    begin(control, this::answer);
    begin(data, this::send);
  }

  private static ServerSocket listen() {
    try {
      return new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private interface Service {
    void to(Socket client) throws IOException;
  }

  private static void begin(ServerSocket server, Service service) {
    Thread.ofVirtual()
        .start(() -> {
          while (true) { // with this process
            try {
              Socket client = server.accept();
              Thread.ofVirtual().start(() -> serve(client, service));
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          }
        });
  }

  private static void serve(Socket client, Service service) {
    try (client) {
      client.setTcpNoDelay(true);
      service.to(client);
    } catch (IOException e) {
      // The client has had enough.
    }
  }

  int port() {
    return control.getLocalPort();
  }

  /** What is said from now on, and what whoever connects for data is sent. */
  void say(List<byte[]> replies, byte[] bytes) {
    String port = Integer.toString(data.getLocalPort());
    content = bytes;
    answers =
        replies.stream()
            .map(each ->
                new String(each, StandardCharsets.ISO_8859_1)
                    .replace(PORT, port)
                    .getBytes(StandardCharsets.ISO_8859_1))
            .toList();
  }

  private void answer(Socket client) throws IOException {
    client.setSoTimeout(PATIENCE_MILLIS);
    InputStream in = client.getInputStream();
    OutputStream out = client.getOutputStream();
    byte[] heard = new byte[4096];
    boolean waits = !speaksFirst;
    for (byte[] each : answers) {
      if (waits) {
        try {
          if (in.read(heard) < 0) {
            return;
          }
        } catch (SocketTimeoutException e) {
          // Then now.
        }
      }
      waits = true;
      out.write(each);
    }
  }

  private void send(Socket client) throws IOException {
    client.getOutputStream().write(content);
  }

  /** The parts of {@code input} between bytes that are {@code separator}. */
  static List<byte[]> parts(byte[] input, int separator, int from) {
    var all = new ArrayList<byte[]>();
    int start = from;
    for (int i = from; i < input.length; i++) {
      if (input[i] == separator) {
        all.add(Arrays.copyOfRange(input, start, i));
        start = i + 1;
      }
    }
    all.add(Arrays.copyOfRange(input, Math.min(start, input.length), input.length));
    return all;
  }
}
