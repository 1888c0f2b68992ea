// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A part of a PEM file. What is outside of such parts is for people.
 *
 * @param label what it is: {@code CERTIFICATE}, {@code PRIVATE KEY}, …
 * @see "RFC 7468"
 */
record PemBlock(String label, byte[] content) {
  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String DASHES = "-----";
  private static final int MOST = 4096; // certificates in a file

  /**
   * The parts of a file.
   *
   * @throws IllegalArgumentException if there is something wrong with one
   */
  static List<PemBlock> parse(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    var blocks = new ArrayList<PemBlock>();
    int at = 0;
    while (true) {
      int begin = text.indexOf(BEGIN, at);
      if (begin < 0) {
        return blocks;
      }
      int labelEnd = text.indexOf(DASHES, begin + BEGIN.length());
      if (labelEnd < 0 || blocks.size() == MOST) {
        throw new IllegalArgumentException("no end");
      }
      String label = text.substring(begin + BEGIN.length(), labelEnd);
      int end = text.indexOf(END + label + DASHES, labelEnd);
      if (end < 0) {
        throw new IllegalArgumentException("no end of " + label);
      }
      String body = text.substring(labelEnd + DASHES.length(), end);
      if (body.indexOf(':') >= 0) {
        throw new IllegalArgumentException("a key that is encrypted as OpenSSL did it");
      }
      blocks.add(new PemBlock(label, Base64.getMimeDecoder().decode(body)));
      at = end + END.length();
    }
  }
}
