// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.http.ScriptedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * An FTP server answers our client. An input is its answers, a zero byte between two; the first
 * byte says how many bytes of data there are.
 */
final class FtpClientTarget implements FuzzTarget {
  private static final int UNIT = 512;

  private final AnsweringServer server = new AnsweringServer(true);

  @Override
  public String name() {
    return "ftp-client";
  }

  private static byte[] seed(int units, String... answers) {
    String joined = (char) units + String.join("\r\n\0", answers) + "\r\n";
    return joined.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public List<byte[]> seeds() {
    String in = "229 Here (|||" + AnsweringServer.PORT + "|)";
    return List.of(
        // The welcome; USER, PASS, CWD, TYPE, SIZE; EPSV, RETR; the end, EPSV, REST, RETR; again.
        seed(
            16,
            "220-Hello\r\n220 Ready",
            "331 Password",
            "230 In",
            "250 There",
            "200 I",
            "213 1048576",
            in,
            "150 Comes",
            "426 Not all",
            in,
            "350 From",
            "125 Comes",
            "226 All",
            in,
            "150 Comes"),
        // One transfer is enough.
        seed(
            2,
            "220 Ready",
            "331 Password",
            "230 In",
            "250 There",
            "200 I",
            "213 500",
            in,
            "150 Comes",
            "226 All",
            in,
            "150 Comes"),
        // No data to speak of, by PASV that names another port.
        seed(
            1,
            "120 Wait",
            "220 Ready",
            "230 In",
            "250 There",
            "200 I",
            "213 100",
            "500 What?",
            "227 Here (127,0,0,1,0,1)",
            "150 Comes",
            "226 All"),
        seed(0, "220 Ready", "331 Password", "530 No"),
        seed(0, "220 Ready", "230 In", "250 There", "200 I", "550 None"));
  }

  @Override
  public void run(byte[] input) throws IOException {
    byte[] content = new byte[input.length == 0 ? 0 : (input[0] & 0xff) * UNIT];
    Arrays.fill(content, (byte) 'x');
    server.say(AnsweringServer.parts(input, 0, Math.min(1, input.length)), content);
    ScriptedFile.ftp(server.port());
  }
}
