// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class FtpReplyTest {
  private static FtpReply reply(String text) throws IOException {
    return FtpReply.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  @Test
  void aReplyOfManyLinesEndsWithItsCodeAndASpace() throws IOException {
    var in =
        new ByteArrayInputStream(
            "220-Welcome\r\n  220 not yet\r\n230 nor now\r\n220-still\r\n220 Ready\r\n331 next\r\n"
                .getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(new FtpReply(220, "Ready"), FtpReply.read(in));
    assertEquals(new FtpReply(331, "next"), FtpReply.read(in));
  }

  @Test
  void aLineMayEndWithoutACarriageReturnAndBeNothingButACode() throws IOException {
    assertEquals(new FtpReply(200, ""), reply("200\n"));
    assertEquals(new FtpReply(200, ""), reply("200 \r\n"));
    assertEquals(new FtpReply(250, ""), reply("250-\n250\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "220",
        "220 Ready",
        "220-a\r\n220-b\r\n",
        "HTTP/1.1 400 Bad\r\n",
        "\r\n",
        "099 x\r\n",
        "600 x\r\n",
        "2200 x\r\n",
        "22\r\n",
        "-20 x\r\n"
      })
  void whatIsNoReplyIsAnError(String text) {
    assertThrows(IOException.class, () -> reply(text));
  }

  /** A stream that never ends, of lines or of one line. */
  private static InputStream endless(String repeated) {
    return new InputStream() {
      private int count;

      @Override
      public int read() {
        return repeated.charAt(count++ % repeated.length());
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"220-again\r\n", "220 a line that has no end ", "\n"})
  void aReplyThatNeverEndsIsCutOff(String repeated) {
    assertThrows(IOException.class, () -> FtpReply.read(endless(repeated)));
  }

  @ParameterizedTest
  @CsvSource({
    "213 1400000, 1400000",
    "213 9223372036854775807, 9223372036854775807",
    "213 9223372036854775808, -1",
    "213 99999999999999999999999, -1",
    "213 -1, -1",
    "213 +1, -1",
    "213 12 bytes, -1",
    "213, -1",
    "250 12, -1"
  })
  void aSizeIsANumberOfBytesAndNothingElse(String line, long size) throws IOException {
    assertEquals(size, reply(line + "\r\n").size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "229 Entering (|||258|)",
        "229 (!!!258!)",
        "227 Entering Passive Mode (10,0,0,1,1,2).",
        "227 10,0,0,1,1,2"
      })
  void thePortIsFound(String line) throws IOException {
    assertEquals(258, reply(line + "\r\n").port());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "229 Entering",
        "229 (|||0|)",
        "229 (|||65536|)",
        "229 (|||-1|)",
        "229 (||258|)",
        "229 (|!|258|)",
        "227 (10,0,0,1,256,2)",
        "227 (10,0,0,1,0,0)",
        "227 (10,0,0,1,1)",
        "227 (1,2,3,4,5,1000)",
        "200 (|||258|)"
      })
  void whatIsNoPortIsNotTakenForOne(String line) throws IOException {
    assertEquals(0, reply(line + "\r\n").port());
  }

  @Test
  void aPathIsFoldersAndAName() throws BlockException {
    assertEquals(new FtpPath(List.of(), "disk"), FtpPath.parse("/disk"));
    assertEquals(new FtpPath(List.of("a", "b c"), "disk"), FtpPath.parse("/a//b%20c/disk;type=I"));
    assertEquals(new FtpPath(List.of("/", "tmp"), "disk"), FtpPath.parse("//tmp/disk"));
    assertEquals(new FtpPath(List.of("/", "tmp"), "disk"), FtpPath.parse("/%2Ftmp/disk"));
    assertEquals(new FtpPath(List.of("a"), ""), FtpPath.parse("/a/"));
    assertEquals(new FtpPath(List.of(), ""), FtpPath.parse(""));
    assertEquals(new FtpPath(List.of(), "\u00c3\u00a9"), FtpPath.parse("/%C3%A9"));
  }

  @Test
  void aPathThatWouldBeginAnotherCommandIsRefused() {
    for (String each : List.of("/a%0d%0aDELE%20x", "/a%0A", "/%00", "/a%7f")) {
      var e = assertThrows(BlockException.class, () -> FtpPath.parse(each));
      assertTrue(e.getMessage().contains("path contains control characters"), e.getMessage());
    }
    assertThrows(BlockException.class, () -> FtpPath.line("user name", "a\r\nDELE x"));
    assertThrows(BlockException.class, () -> FtpPath.parse("/disk;type=a"));
    assertThrows(BlockException.class, () -> FtpPath.parse("/a".repeat(300)));
  }
}
