// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a descriptor's text says, however it is written. */
final class VmdkDescriptorTest {
  private static boolean isDescriptor(String text) {
    return VmdkDescriptor.isAt(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"version=1\n", "# x\n#\nversion=2\n", "# x\r\nversion=3\r\n", "   \nversion=1\n"})
  void beginsWithAVersion(String text) {
    assertTrue(isDescriptor(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "#",
        "version=4\n",
        "version=1",
        "version=1 \n",
        "\nversion=1\n",
        " # \n",
        "  "
      })
  void isNothingElse(String text) {
    assertFalse(isDescriptor(text));
  }

  @Test
  void anIdentifierTakesThePlaceOfTheOldOne() throws Exception {
    var descriptor = new VmdkDescriptor("parentCID=ffffffff\nCID=abc\ncreateType=\"vmfs\"\n");
    assertEquals(
        "parentCID=ffffffff\nCID=00000012\ncreateType=\"vmfs\"\n", descriptor.withCid(18).text());
    assertThrows(BlockException.class, () -> new VmdkDescriptor("parentCID=1\n").withCid(1));
  }

  @Test
  void extentsAreThoseThatCanBeWritten() throws Exception {
    assertEquals(
        List.of(
            new ExtentLine(8, "FLAT", "a b", 3),
            new ExtentLine(9, "VMFS", "c", 0),
            new ExtentLine(1, "SESPARSE", "d", 0)),
        ExtentLine.all(
            """
            RW 8 FLAT "a b" 3
            RDONLY 8 FLAT "x" 0
            NOACCESS 8 FLAT "x" 0
            RW 8 ZERO
            RW 0 FLAT "x" 0
            RW 8 OTHER "x"
              RW\t9   VMFS "c"
            RW 1 SESPARSE "d"
            """));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "RW 8 FLAT \"x\"",
        "RW 8 FLAT \"x\" -1",
        "RW 8 VMFS \"x\" 0",
        "RW 8 SPARSE \"x\" 0",
        "RW 8 OTHER \"x\" 0"
      })
  void anExtentWithTheWrongNumbersIsNone(String line) {
    var e = assertThrows(BlockException.class, () -> ExtentLine.all("#\n" + line + "\n"));
    assertEquals("Invalid extent line: " + line, e.getMessage());
  }
}
