// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code qemu-img 7.2 info --image-opts} and {@code create -o} understood. */
class OptionStringTest {
  private static BlockOptions image(String text) throws BlockException {
    return OptionString.parseImage(text, warning -> {});
  }

  @Test
  void commaWrittenTwiceIsPartOfAValue() throws BlockException {
    assertEquals(
        BlockOptions.of("driver", "qcow2", "file.filename", "a,b"),
        image("driver=qcow2,file.filename=a,,b"));
    assertEquals(BlockOptions.of("driver", "null-co,"), image("driver=null-co,,"));
    assertEquals(BlockOptions.of("driver", "null-co,", "x", "1"), image("driver=null-co,,,x=1"));
    assertEquals(
        BlockOptions.of("lazy_refcounts", "on,"),
        OptionString.parseCreation("lazy_refcounts=on,,"));
  }

  @Test
  void firstValueWithoutNameIsANode() throws BlockException {
    assertEquals(BlockOptions.of("file", "a,b"), image("a,,b"));
    assertEquals(BlockOptions.of("file", "node0", "driver", "x"), image("node0,driver=x"));
    assertEquals(BlockOptions.of("file", ""), image(","));
    assertEquals(BlockOptions.of("file", "help"), image("help"));
    assertEquals(BlockOptions.of(), image(""));
  }

  @Test
  void nameAloneIsABooleanAndWarnedAbout() throws BlockException {
    List<String> warnings = new ArrayList<>();
    assertEquals(
        BlockOptions.of("driver", "raw", "foo", "on", "", "off", "bar", "off"),
        OptionString.parseImage("driver=raw,foo,,nobar,no", warnings::add));
    assertEquals(
        List.of(
            "short-form boolean option 'foo' deprecated\nPlease use foo=on instead",
            "short-form boolean option '' deprecated\nPlease use =on instead",
            "short-form boolean option 'nobar' deprecated\nPlease use bar=off instead",
            "short-form boolean option 'no' deprecated\nPlease use =off instead"),
        warnings);
    warnings.clear();
    assertEquals(
        BlockOptions.of("driver", "x", "help", "on", "?", "on"),
        OptionString.parseImage("driver=x,help,?", warnings::add));
    assertEquals(List.of(), warnings);
    assertEquals(BlockOptions.of("cow", "off"), OptionString.parseCreation("nocow"));
  }

  @Test
  void lastValueCounts() throws BlockException {
    assertEquals(BlockOptions.of("driver", "null-co"), image("driver=raw,driver=null-co"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"driver=null-co,id=", "id=1,driver=null-co", "id=a b"})
  void idMustBeAnIdentifier(String text) {
    BlockException e = assertThrows(BlockException.class, () -> image(text));
    assertEquals("Parameter 'id' expects an identifier", e.getMessage());
    assertEquals(
        "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.", e.hint());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "a=on,", ",a=on", ",,", ",,,"})
  void creationOptionsHaveNoEmptyEnds(String text) {
    BlockException e = assertThrows(BlockException.class, () -> OptionString.parseCreation(text));
    assertEquals("Invalid option list: " + text, e.getMessage());
  }

  @Test
  void helpIsAWholeOption() {
    for (String text : new String[] {"help", "?", "a,help", "help,foo", "a=b,,c,?"}) {
      assertTrue(OptionString.asksForHelp(text), text);
    }
    for (String text : new String[] {"help=on", "?x", "x?", "backing_file=a,,help", "a,,help"}) {
      assertFalse(OptionString.asksForHelp(text), text);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "secret,foo|Expected '=' after parameter 'foo'",
        "secret,.x|Invalid parameter '.x'",
        "secret,,id|Invalid parameter ''",
        ",id=x|Invalid parameter ''",
        "secret,=1|Invalid parameter ''",
        "secret,a b=1|Invalid parameter 'a b'",
        "secret,a..b=1|Invalid parameter 'a..b'",
        "secret,a.=1|Invalid parameter 'a.'",
        "secret,_a=1|Invalid parameter '_a'",
        "secret,1a=1|Invalid parameter '1a'",
        "9=1|Invalid parameter '9'",
        "secret,a.9x=1|Invalid parameter 'a.9x'",
        "secret,__org.x=1|Invalid parameter '__org.x'",
        "secret,__a__b=1|Invalid parameter '__a__b'",
        "secret,help.a|Expected '=' after parameter 'help.a'",
        "secret,?=1|Invalid parameter '?'",
        "secret,a.b=1,a=2|Parameters 'a.*' used inconsistently",
        "secret,a=1,a.b=2|Parameters 'a.*' used inconsistently",
        "secret,a.0=1,a.0.x=1|Parameters 'a.0.*' used inconsistently",
        "secret,a.0=1,a.x=1|Parameters 'a.*' used inconsistently",
        "secret,a.1=1|Parameter 'a.0' missing",
        "secret,a.0=1,a.99999999999=1|Parameter 'a.1' missing",
        "x,help,y|Expected '=' after parameter 'y'",
      })
  void malformedDottedKeysAreRefused(String text, String message) {
    BlockException e = assertThrows(BlockException.class, () -> DottedKeys.parse(text, "qom-type"));
    assertEquals(message, e.getMessage());
  }

  @Test
  void tooLongKeysAreRefused() throws BlockException {
    String longest = "a".repeat(127);
    assertEquals("1", DottedKeys.parse(longest + "=1", null).object().string(longest));
    String tooLong = "a".repeat(128);
    assertEquals(
        "Parameter '" + tooLong + "' is too long",
        assertThrows(BlockException.class, () -> DottedKeys.parse(tooLong + "=1", null))
            .getMessage());
    assertEquals(
        "Parameter fragment '" + tooLong + "' is too long",
        assertThrows(BlockException.class, () -> DottedKeys.parse("b." + tooLong + "=1", null))
            .getMessage());
  }

  @Test
  void dottedKeysNest() throws BlockException {
    assertEquals(
        "{\"driver\": \"quorum\", \"children\": [\"a,b\", {\"x\": \"1=2\"}], \"__org.x_y\": \"\"}",
        DottedKeys.parse("quorum,children.0=a,,b,children.01.x=1=2,__org.x_y=,", "driver")
            .object()
            .toString());
    assertTrue(DottedKeys.parse("secret,help", "qom-type").help());
    assertTrue(DottedKeys.parse("?", "qom-type").help());
    assertFalse(DottedKeys.parse("secret,help=1", "qom-type").help());
    assertEquals("{\"a\": 5}", DottedKeys.parseOrJson("{'a': 5}", null).object().toString());
  }
}
