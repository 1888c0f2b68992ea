// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What came of one request.
 *
 * @param status of the reply; 0 if there is none
 * @param received how many of the bytes that were asked for came, from the first on
 * @param broken what kept the rest from coming, or null
 */
record Reply(int status, HttpHeaders headers, long received, @Nullable BlockException broken) {
  private static final int PARTIAL_CONTENT = 206;
  private static final int OK = 200;

  /** A server may be slow, but not so that it is as good as dead: bytes in each timeout. */
  private static final long LEAST_PROGRESS = 4096;

  /**
   * Decides, when a reply's header has come, where its bytes go: those of an error, nowhere, and
   * neither do chunks, as the JDK's client reads one of a negative length for ever.
   */
  private record Intake(long offset, MemorySegment into, RangeBody wanted)
      implements HttpResponse.BodyHandler<Long> {
    @Override
    public HttpResponse.BodySubscriber<Long> apply(HttpResponse.ResponseInfo reply) {
      boolean fits =
          reply.statusCode() == PARTIAL_CONTENT
              ? beginsAt(reply.headers(), offset)
              : reply.statusCode() == OK && offset == 0;
      return fits && !isEncoded(reply.headers()) ? wanted : new RangeBody(MemorySegment.NULL);
    }
  }

  /** Whether the bytes come in chunks, or in another form that is not theirs. */
  private static boolean isEncoded(HttpHeaders headers) {
    return headers.firstValue("transfer-encoding").isPresent();
  }

  /** Whether the bytes begin with the one at {@code offset}, as a server that sends parts says. */
  private static boolean beginsAt(HttpHeaders headers, long offset) {
    return contentRange(headers).startsWith("bytes " + offset + "-");
  }

  private static String contentRange(HttpHeaders headers) {
    return headers.firstValue("content-range").orElse("");
  }

  /**
   * Sends a request and waits for the reply.
   *
   * @param offset of the bytes asked for in the file
   * @param into takes them; nothing touches it when this has returned
   * @param timeoutSeconds how long the server may say nothing; 0 for ever
   */
  static Reply to(
      HttpClient client, HttpRequest request, long offset, MemorySegment into, int timeoutSeconds) {
    var body = new RangeBody(into);
    long start = System.nanoTime();
    CompletableFuture<HttpResponse<Long>> sent =
        client.sendAsync(request, new Intake(offset, into, body));
    HttpHeaders none = HttpHeaders.of(Map.of(), (name, value) -> true);
    try {
      HttpResponse<Long> response = await(sent, body, timeoutSeconds);
      return new Reply(response.statusCode(), response.headers(), body.received(), null);
    } catch (TimeoutException e) {
      sent.cancel(true);
      body.close();
      String text =
          "Operation timed out after "
              + millisSince(start)
              + " milliseconds with "
              + body.received()
              + " bytes received";
      return new Reply(0, none, body.received(), new BlockException(Errno.ETIMEDOUT, text));
    } catch (ExecutionException e) {
      body.close();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      long left = into.byteSize() - body.received();
      BlockException broken =
          body.received() > 0
              ? new BlockException(
                  Errno.EIO, "transfer closed with " + left + " bytes remaining to read")
              : described(cause, request.uri(), millisSince(start));
      return new Reply(0, none, body.received(), broken.causedBy(cause));
    }
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private static HttpResponse<Long> await(
      CompletableFuture<HttpResponse<Long>> sent, RangeBody body, int timeoutSeconds)
      throws TimeoutException, ExecutionException {
    boolean interrupted = false;
    try {
      long before = 0;
      while (true) { // ends with the reply: each round brings some of it
        try {
          return timeoutSeconds == 0 ? sent.get() : sent.get(timeoutSeconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // a request is not abandoned half way
        } catch (TimeoutException e) {
          long now = body.received();
          if (now < before + LEAST_PROGRESS) {
            throw e;
          }
          before = now;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** In curl's words, which users know. */
  private static BlockException described(Throwable failure, URI uri, long millis) {
    int port = uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equals("https") ? 443 : 80;
    if (failure instanceof HttpConnectTimeoutException) {
      return new BlockException(
          Errno.ETIMEDOUT, "Connection timed out after " + millis + " milliseconds");
    }
    if (failure instanceof ConnectException) {
      for (Throwable each = failure; each != null; each = each.getCause()) {
        if (each instanceof UnresolvedAddressException) {
          return new BlockException(Errno.EIO, "Could not resolve host: " + uri.getHost());
        }
      }
      return new BlockException(
          Errno.ECONNREFUSED,
          "Failed to connect to "
              + uri.getHost()
              + " port "
              + port
              + " after "
              + millis
              + " ms: Couldn't connect to server");
    }
    String text = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    if (failure instanceof SSLException) {
      return new BlockException(Errno.EIO, "TLS handshake failed: " + text);
    }
    if (failure instanceof IOException && text.contains("received no bytes")) {
      return new BlockException(Errno.EIO, "Empty reply from server");
    }
    return new BlockException(Errno.EIO, text);
  }

  /** What the server said instead of giving the bytes at {@code offset}; null if it gave them. */
  @Nullable BlockException refusal(long offset) {
    if (status / 100 != 2) {
      return new BlockException(Errno.EIO, "The requested URL returned error: " + status);
    }
    if (isEncoded(headers)) {
      return new BlockException(
          Errno.EIO, "The server sends chunks ('Transfer-Encoding'), which are not supported");
    }
    if (status == PARTIAL_CONTENT) {
      return beginsAt(headers, offset)
          ? null
          : new BlockException(
              Errno.EIO,
              "Asked for bytes from "
                  + offset
                  + " on, the server sent '"
                  + contentRange(headers)
                  + "'");
    }
    // The whole file, of which the beginning is seldom what was asked for.
    return offset == 0
        ? null
        : new BlockException(Errno.EIO, "Server does not support 'range' (byte ranges).");
  }

  /** Whether it may go better another time. */
  boolean isPassing() {
    return broken != null || (status >= 502 && status <= 504);
  }
}
