// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.http.ScriptedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A web server answers our client. The first byte of an input says what is asked for: the length,
 * or the part from so many blocks of 256 bytes on; the others are the answer.
 */
final class HttpClientTarget implements FuzzTarget {
  private static final int LENGTH = 0xff;
  private static final int BLOCK = 256;

  private final AnsweringServer server = new AnsweringServer(false);

  @Override
  public String name() {
    return "http-client";
  }

  private static byte[] seed(int asked, String head, int body) {
    byte[] bytes = ((char) asked + head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    return Arrays.copyOf(bytes, bytes.length + body);
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        seed(LENGTH, "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: 8192", 0),
        seed(LENGTH, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0", 0),
        seed(LENGTH, "HTTP/1.0 404 Not Found\r\nConnection: close", 0),
        seed(
            1,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 256-511/8192\r\n"
                + "Content-Length: 256",
            BLOCK),
        seed(0, "HTTP/1.1 200 OK\r\nContent-Length: 8192", 2 * BLOCK),
        seed(
            0,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-255/*\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\nf0\r\n",
            0));
  }

  @Override
  public void run(byte[] input) throws IOException {
    int asked = input.length == 0 ? 0 : input[0] & 0xff;
    server.say(List.of(Arrays.copyOfRange(input, Math.min(1, input.length), input.length)), input);
    if (asked == LENGTH) {
      ScriptedFile.httpLength(server.port());
    } else {
      ScriptedFile.httpPart(server.port(), (long) asked * BLOCK);
    }
  }
}
