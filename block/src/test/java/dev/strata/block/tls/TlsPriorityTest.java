// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.tls.TlsPriority.Cipher;
import dev.strata.block.tls.TlsPriority.Version;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The words of GnuTLS that are understood, and those that are not. */
final class TlsPriorityTest {
  @Test
  void normalIsAllThatThereIs() throws BlockException {
    assertEquals(TlsPriority.NORMAL, TlsPriority.parse(null));
    assertEquals(TlsPriority.NORMAL, TlsPriority.parse("NORMAL"));
    assertEquals(TlsPriority.NORMAL, TlsPriority.parse("NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"));
  }

  @Test
  void versionsAndCiphersAreTakenAwayAndAdded() throws BlockException {
    assertEquals(Set.of(Version.TLS_1_2), TlsPriority.parse("NORMAL:-VERS-TLS1.3").versions());
    assertEquals(
        Set.of(Version.TLS_1_3), TlsPriority.parse("NORMAL:-VERS-ALL:+VERS-TLS1.3").versions());
    assertEquals(
        Set.of(Cipher.AES_256_GCM), TlsPriority.parse("SECURE256:!CHACHA20-POLY1305").ciphers());
  }

  /** What is not understood is no weaker connection, but none. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "FOO",
        "NORMAL:",
        "NORMAL:VERS-TLS1.3",
        "NORMAL:+VERS-TLS1.1",
        "NORMAL:+ARCFOUR-128",
        "NORMAL:%COMPAT",
        "NORMAL:-VERS-ALL",
        "NONE",
        "NORMAL:-GROUP-ALL"
      })
  void otherWordsAreRefused(String text) {
    assertThrows(BlockException.class, () -> TlsPriority.parse(text));
  }
}
