// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

final class PrintableTest {
  @Test
  void whatSteersNoTerminalStaysAsItIs() {
    String name = "C:\\disk é 図 \u00a0.qcow2";
    assertSame(name, Printable.of(name));
  }

  @Test
  void controlsAreWrittenOut() {
    assertEquals("a\\x1b[2Jb", Printable.of("a\u001b[2Jb"));
    assertEquals("\\x0a\\x0d\\x09\\x00\\x7f\\x9b", Printable.of("\n\r\t\0\u007f\u009b"));
    assertEquals("\\u202egpj.exe\\u2066\\u2028", Printable.of("\u202egpj.exe\u2066\u2028"));
  }

  @Test
  void whatIsWrittenOutCannotBeConfusedWithWhatWasThere() {
    assertEquals("\\\\x1b\\x1b", Printable.of("\\x1b\u001b"));
  }

  @Test
  void linesStayLines() {
    assertEquals("a\n\tb\\x1b", Printable.lines("a\n\tb\u001b"));
  }
}
