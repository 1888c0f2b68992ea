// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import org.junit.jupiter.api.Test;

/** What names mean, and how the reference (observed: 7.2) refuses and prints them. */
final class NbdFilenameTest {
  @Test
  void urisNameAHostAndAPort() throws BlockException {
    assertNames("nbd://h:1/e", "host", "h", "port", "1", "export", "e");
    assertNames("nbd+tcp://h", "host", "h", "port", "10809");
    assertNames("nbd://h:0/", "host", "h", "port", "10809");
    assertNames("nbd://user@[::1]:1//e", "host", "::1", "port", "1", "export", "/e");
    assertNames("nbd://h/a%20b%2fc#x", "host", "h", "port", "10809", "export", "a b/c");
  }

  @Test
  void urisNameASocket() throws BlockException {
    assertNames("nbd+unix:///e?socket=/a/s", "path", "/a/s", "export", "e");
    assertNames("nbd+unix://?socket=s%2esock", "path", "s.sock");
  }

  @Test
  void olderNamesAreUnderstood() throws BlockException {
    assertNames("nbd:h:1:exportname=a:b", "export", "a:b", "host", "h", "port", "1");
    assertNames("nbd:[::1]:1", "host", "::1", "port", "1");
    assertNames("nbd:unix:/a/s:exportname=e", "export", "e", "path", "/a/s");
    assertNames("nbd:unix:s:export=e", "path", "s:export=e");
    assertNames("nbd:");
  }

  private static void assertNames(String name, String... expected) throws BlockException {
    var options = new BlockOptions();
    NbdFilename.parse(name, options);
    assertEquals(BlockOptions.of(expected), options, name);
  }

  @Test
  void whatIsNoUriIsRefused() {
    for (String name :
        new String[] {
          "nbd://",
          "nbd:///e",
          "nbd://h:",
          "nbd://h:x",
          "nbd://h:70000",
          "nbd://[::1",
          "nbd://h?socket=s",
          "nbd+unix:///e",
          "nbd+unix://h/e?socket=s",
          "nbd+unix:///e?sockt=s",
          "nbd+unix:///e?socket=s&x=y",
          "nbd+unix:///e?socket=%",
          "nbd+unix:///%zz?socket=s"
        }) {
      assertRefused("No valid URL specified", name);
    }
  }

  @Test
  void whatIsNoOlderNameIsRefused() {
    assertRefused("error parsing address 'h'", "nbd:h");
    assertRefused("error parsing address 'h:'", "nbd:h:");
    assertRefused("error parsing IPv6 address '[::1]'", "nbd:[::1]");
    assertRefused("File name string for NBD must start with 'nbd:'", "nbd+unix:e?socket=s");
  }

  @Test
  void tlsIsRefusedAndNeverLeftOut() {
    String needed = "A URI with TLS needs tls-certificates=DIRECTORY or tls-psk-file=FILE";
    assertRefused(needed, "nbds://h/");
    assertRefused(needed, "nbds+unix:///?socket=s");
    assertRefused("No valid URL specified", "nbds+unix:///?tls-certificates=d");
    assertRefused("No valid URL specified", "nbds://h/?tls-certificates=d&tls-certificates=e");
    assertRefused("No valid URL specified", "nbds://h/?socket=s&tls-certificates=d");
    assertRefused("No valid URL specified", "nbds://h/?tls-what=d");
    assertRefused("No valid URL specified", "nbd://h/?tls-certificates=d");
  }

  private static void assertRefused(String words, String name) {
    var e =
        assertThrows(BlockException.class, () -> NbdFilename.parse(name, new BlockOptions()), name);
    assertEquals(words, e.getMessage(), name);
  }

  @Test
  void namesArePrintedUnquoted() {
    var inet = new InetServer("::1", "1", true, true, false, false);
    assertEquals("nbd://::1:1/a b", NbdFilename.of(inet, "a b"));
    assertEquals("nbd://::1:1", NbdFilename.of(inet, ""));
    assertEquals("nbd+unix://?socket=s", NbdFilename.of(new UnixServer("s"), ""));
    assertEquals("nbd+unix:///e?socket=s", NbdFilename.of(new UnixServer("s"), "e"));
  }
}
