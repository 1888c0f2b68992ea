// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Serves one file by FTP, under each name in another manner, and errs as the name says. */
final class FtpFileServer implements AutoCloseable {
  private final ServerSocketFactory sockets;
  private final ServerSocket server;
  private final boolean secure;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);
  private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
  private final byte[] file;

  /** Commands that came. */
  final List<String> seen = new CopyOnWriteArrayList<>();

  final AtomicInteger failures = new AtomicInteger();
  private final AtomicInteger users = new AtomicInteger();
  volatile int maxUsers = Integer.MAX_VALUE;
  volatile String welcome = "220-Hello\r\n220 Ready";

  FtpFileServer(byte[] file, @Nullable SSLContext context) throws IOException {
    this.file = file;
    this.secure = context != null;
    this.sockets =
        context == null ? ServerSocketFactory.getDefault() : context.getServerSocketFactory();
    this.server = listen();
    threads.execute(this::accept);
  }

  private ServerSocket listen() throws IOException {
    ServerSocket listening = sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.add(listening);
    return listening;
  }

  String url(String path) {
    return (secure ? "ftps" : "ftp") + "://127.0.0.1:" + server.getLocalPort() + "/" + path;
  }

  private void accept() {
    try {
      while (true) { // until it is closed
        Socket control = server.accept();
        threads.execute(() -> new Session(control).serve());
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  /** What one client says and hears. */
  private final class Session {
    private final Socket control;
    private @Nullable ServerSocket passive;
    private long restart;
    private boolean counted;

    Session(Socket control) {
      this.control = control;
      open.add(control);
    }

    void serve() {
      try (control) {
        var in =
            new BufferedReader(
                new InputStreamReader(control.getInputStream(), StandardCharsets.ISO_8859_1));
        reply(welcome);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          seen.add(line);
          int space = line.indexOf(' ');
          answer(
              space < 0 ? line : line.substring(0, space),
              space < 0 ? "" : line.substring(space + 1));
        }
      } catch (IOException e) {
        // The client is gone.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        if (counted) {
          users.decrementAndGet();
        }
      }
    }

    private void reply(String text) throws IOException {
      control.getOutputStream().write((text + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private void answer(String verb, String argument) throws IOException, InterruptedException {
      switch (verb) {
        case "USER" -> reply(argument.equals("nobody") ? "530 No" : "331 Password?");
        case "PASS" -> {
          counted = true;
          reply(users.incrementAndGet() > maxUsers ? "530 Too many of you" : "230 In");
        }
        case "CWD" -> reply(argument.equals("closed") ? "550 No" : "250 There");
        case "TYPE", "PBSZ", "PROT" -> reply("200 So be it");
        case "SIZE" -> size(argument);
        case "EPSV" -> passive("229 Here (|||%d|)");
        case "PASV" -> passive("227 Here (198,51,100,7,%2$d,%3$d)");
        case "REST" -> {
          restart = Long.parseLong(argument);
          reply("350 From there");
        }
        case "RETR" -> send(argument);
        default -> reply("500 What?");
      }
    }

    private void size(String name) throws IOException, InterruptedException {
      switch (name) {
        case "missing" -> reply("550 None");
        case "sizeless" -> reply("500 What?");
        case "huge" -> reply("213 99999999999999999999");
        case "negative" -> reply("213 -5");
        case "larger" -> reply("213 " + 2L * file.length);
        case "smaller" -> reply("213 " + (file.length / 2 + 100));
        case "silent" -> end.await();
        case "gone" -> control.close();
        case "endless" -> {
          while (true) { // until the other end has had enough
            reply("213-and more");
          }
        }
        default -> reply("213 " + file.length);
      }
    }

    private void passive(String form) throws IOException {
      if (failures.get() < 0 && form.startsWith("229")) {
        reply("500 What?");
        return;
      }
      if (passive != null) {
        passive.close();
      }
      passive = listen();
      int port = passive.getLocalPort();
      reply(String.format(form, port, port >> 8, port & 0xff));
    }

    private void send(String name) throws IOException, InterruptedException {
      int from = (int) restart;
      restart = 0;
      int half = (file.length - from + 1) / 2;
      if (name.equals("forbidden")) {
        reply("550 No");
        return;
      }
      if (name.equals("passing") && failures.getAndIncrement() < 2) {
        reply("450 Busy");
        return;
      }
      if (name.equals("muddled")) {
        reply("350 What?");
        return;
      }
      if (passive == null) {
        reply("425 Where?");
        return;
      }
      Socket data = passive.accept(); // by TLS it shakes hands when the first byte is sent
      open.add(data);
      try (data) {
        reply("150 Comes");
        if (name.equals("stalled")) {
          end.await();
        }
        OutputStream out = data.getOutputStream();
        switch (name) {
          case "cut", "short" -> out.write(file, from, half);
          case "stingy" -> out.write(file, from, 1);
          case "longer" -> {
            out.write(file, from, file.length - from);
            while (true) { // until the other end has had enough
              out.write(file);
            }
          }
          default -> out.write(file, from, file.length - from);
        }
      } catch (IOException e) {
        reply("426 Broken off");
        return;
      }
      reply(
          name.equals("cut")
              ? "426 Broken off"
              : name.equals("noisy") ? "226 A\r\n226 B" : "226 All");
    }
  }

  /** What a client asked for, without what each says at first. */
  List<String> transfers() {
    return seen.stream().filter(line -> line.startsWith("RE")).toList();
  }

  @Override
  public void close() throws IOException {
    end.countDown();
    for (Closeable each : open) {
      each.close();
    }
    threads.shutdownNow();
  }
}
