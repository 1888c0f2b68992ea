// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;

/** Our clients of files on servers, before one that says what a script says. */
public final class ScriptedFile {
  private static final int TIMEOUT_SECONDS = 1;
  private static final int PART = 256;
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private ScriptedFile() {}

  /** Logs in at a local port, asks for the size, and reads in three places. */
  public static void ftp(int port) throws IOException {
    var server =
        new FtpServer(
            "127.0.0.1",
            port,
            new FtpPath(List.of("folder"), "disk"),
            "user",
            "password",
            TIMEOUT_SECONDS * 1000,
            null,
            false);
    try (FtpConnection connection = FtpConnection.open(server)) {
      long size = connection.size();
      for (long offset : new long[] {0, size / 2, 0}) {
        var part = MemorySegment.ofArray(new byte[(int) Math.min(size - offset, PART)]);
        connection.read(offset, part);
        if (connection.received() != part.byteSize()) {
          throw new IllegalStateException(connection.received() + " of " + part.byteSize());
        }
      }
    }
  }

  /** Asks at a local port how long the file is. */
  public static void httpLength(int port) throws IOException {
    String url = "http://127.0.0.1:" + port + "/disk";
    var settings = new UrlSettings(url, true, 0, TIMEOUT_SECONDS, true, null, null, null);
    try (RangeRequests requests = RangeRequests.open(settings, Map.of(), warning -> {})) {
      if (requests.length() < 0) {
        throw new IllegalStateException("a negative length");
      }
    }
  }

  /** Asks at a local port for a part. */
  public static void httpPart(int port, long offset) throws IOException {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/disk")).build();
    var part = MemorySegment.ofArray(new byte[PART]);
    Reply reply = Reply.to(CLIENT, request, offset, part, TIMEOUT_SECONDS);
    if (reply.received() < 0 || reply.received() > PART) {
      throw new IllegalStateException(reply.received() + " bytes");
    }
    BlockException failure = reply.broken() != null ? reply.broken() : reply.refusal(offset);
    if (failure != null) {
      throw failure;
    }
    if (reply.received() < PART) {
      throw BlockException.of(Errno.EIO);
    }
  }
}
