// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Serves one file, at each path in another manner. */
final class FileServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);
  private final byte[] file;

  /** Requests that came: method, path and what of their header matters. */
  final List<String> seen = new CopyOnWriteArrayList<>();

  final AtomicInteger failures = new AtomicInteger();

  private FileServer(byte[] file, HttpServer server) {
    this.file = file;
    this.server = server;
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  static FileServer of(byte[] file) throws IOException {
    return new FileServer(file, HttpServer.create(place(), 0));
  }

  static FileServer withTls(byte[] file, SSLContext context) throws IOException {
    HttpsServer server = HttpsServer.create(place(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    return new FileServer(file, server);
  }

  private static InetSocketAddress place() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url(String path) {
    String scheme = server instanceof HttpsServer ? "https" : "http";
    return scheme + "://127.0.0.1:" + port() + "/" + path;
  }

  private static void note(StringBuilder line, HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    if (value != null) {
      line.append(' ').append(name).append(": ").append(value);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().substring(1);
    var line = new StringBuilder(exchange.getRequestMethod()).append(' ').append(path);
    note(line, exchange, "Authorization");
    note(line, exchange, "Cookie");
    note(line, exchange, "Proxy-authorization");
    seen.add(line.toString());
    try (exchange) {
      if (path.startsWith("elsewhere")) {
        redirect(exchange, "http://localhost:" + port() + "/sound");
      } else if (path.equals("redirect")) {
        redirect(exchange, "/sound");
      } else if (path.equals("loop")) {
        redirect(exchange, "/loop");
      } else if (exchange.getRequestMethod().equals("HEAD")) {
        head(exchange, path);
      } else {
        get(exchange, path);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void redirect(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().add("Location", to);
    exchange.sendResponseHeaders(302, -1);
  }

  private void head(HttpExchange exchange, String path) throws IOException, InterruptedException {
    if (path.equals("silent")) {
      end.await();
    }
    if (!path.equals("unlimited")) {
      exchange.getResponseHeaders().add("Accept-Ranges", path.equals("none") ? "none" : "bytes");
    }
    String size = path.equals("sizeless") ? null : Integer.toString(file.length);
    if (size != null) {
      exchange.getResponseHeaders().add("Content-Length", path.equals("empty") ? "0" : size);
    }
    int status = path.equals("missing") ? 404 : path.equals("forbidden") ? 401 : 200;
    exchange.sendResponseHeaders(status, -1);
  }

  private void get(HttpExchange exchange, String path) throws IOException, InterruptedException {
    Matcher range = RANGE.matcher(String.valueOf(exchange.getRequestHeaders().getFirst("Range")));
    int from = range.matches() ? Integer.parseInt(range.group(1)) : 0;
    int to = range.matches() ? Integer.parseInt(range.group(2)) + 1 : file.length;
    switch (path) {
      case "error" -> exchange.sendResponseHeaders(500, -1);
      case "passing" -> {
        if (failures.getAndIncrement() < 2) {
          exchange.sendResponseHeaders(503, -1);
        } else {
          part(exchange, from, from, to - from, to - from);
        }
      }
      case "whole" -> {
        exchange.sendResponseHeaders(200, file.length);
        exchange.getResponseBody().write(file);
      }
      case "short" -> part(exchange, from, from, (to - from + 1) / 2, (to - from + 1) / 2);
      case "stingy" -> part(exchange, from, from, 1, 1);
      case "cut" -> part(exchange, from, from, to - from, (to - from + 1) / 2);
      case "other" -> part(exchange, 0, 0, to - from, to - from);
      case "stalled" -> {
        exchange.sendResponseHeaders(206, to - from);
        end.await();
      }
      case "chunks" -> {
        range(exchange, from, to - from);
        exchange.sendResponseHeaders(206, 0);
        exchange.getResponseBody().write(file, from, to - from);
      }
      case "endless" -> {
        range(exchange, from, to - from);
        exchange.sendResponseHeaders(206, Long.MAX_VALUE);
        OutputStream out = exchange.getResponseBody();
        out.write(file, from, to - from);
        while (true) { // until the other end has had enough
          out.write(file);
        }
      }
      default -> part(exchange, from, from, to - from, to - from);
    }
  }

  private void range(HttpExchange exchange, int from, int length) {
    exchange
        .getResponseHeaders()
        .add("Content-Range", "bytes " + from + "-" + (from + length - 1) + "/" + file.length);
  }

  private void part(HttpExchange exchange, int said, int from, int length, int sent)
      throws IOException {
    range(exchange, said, length);
    exchange.sendResponseHeaders(206, length);
    exchange.getResponseBody().write(file, from, sent);
    exchange.getResponseBody().flush();
  }

  /** What a client asked for, in order. */
  @Nullable String last() {
    return seen.isEmpty() ? null : seen.getLast();
  }

  @Override
  public void close() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
