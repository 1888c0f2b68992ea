// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages are those of {@code qemu-img 7.2 info json:…} for the same text. */
class JsonReaderTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      emptyValue = "",
      value = {
        "``|Expecting a JSON value",
        "{|JSON parse error, premature EOI",
        "{\"driver\":|JSON parse error, premature EOI",
        "{\"driver\":\"raw\"|JSON parse error, premature EOI",
        "{driver}|JSON parse error, invalid keyword 'driver'",
        "{\"a\":1,\"a\":2}|JSON parse error, duplicate key",
        "{\"a\":1,\"b\":{\"c\":2,\"c\":3}}|JSON parse error, duplicate key",
        "{\"a\":nul}|JSON parse error, invalid keyword 'nul'",
        "{\"a\":tr|JSON parse error, invalid keyword 'tr'",
        "{\"a\":1,}|JSON parse error, expecting value",
        "{\"a\" \"b\"|JSON parse error, missing : in object pair",
        "{,}|JSON parse error, expecting value",
        "{]|JSON parse error, expecting value",
        "]|JSON parse error, expecting value",
        "[[}|JSON parse error, expecting value",
        "[1}|JSON parse error, expected separator in list",
        "[1 2]|JSON parse error, expected separator in list",
        "{\"a\":1]|JSON parse error, expected separator in dict",
        "{\"a\":1 \"b\":1}|JSON parse error, expected separator in dict",
        "{\"a\":-1.5E+3x}|JSON parse error, expected separator in dict",
        "{\"a\" \"b\"}|JSON parse error, missing : in object pair",
        "{1:2}|JSON parse error, key is not a string in object",
        "{\"a\" \"b\" @|JSON parse error, stray '@'",
        "{\"a\":TRUE}|JSON parse error, stray 'T'",
        "{\"a\":01}|JSON parse error, stray '01'",
        "{\"a\":-0E5}|JSON parse error, stray 'E'",
        "{\"a\":-}|JSON parse error, stray '-}'",
        "{\"a\":1.}|JSON parse error, stray '1.}'",
        "{\"a\":1ex}|JSON parse error, stray '1ex'",
        "{\"a\":1e+}|JSON parse error, stray '1e+}'",
        "{\"a\":%d}|JSON parse error, stray '%'",
        "{\"a\":\"x|JSON parse error, stray '\"x'",
        "\"\\|JSON parse error, stray '\"\\'",
        "-|JSON parse error, stray '-'",
        "[1\u20ac]|JSON parse error, stray '\ufffd'",
        "\ud83d\ude00|JSON parse error, stray '\ufffd'",
        "\"\\x\"|JSON parse error, invalid escape sequence in string",
        "\"\\u00\"|JSON parse error, \\u00\" is not a valid Unicode character",
        "\"\\u12x\"|JSON parse error, \\u12x\" is not a valid Unicode character",
        "\"\\ud800\"|JSON parse error, \\ud800 is not a valid Unicode character",
        "\"\\ude00\"|JSON parse error, \\ude00 is not a valid Unicode character",
        "\"\\ud83d\\u0041\"|JSON parse error, \\ud83d is not a valid Unicode character",
        "\"\\uFDD0\"|JSON parse error, \\uFDD0 is not a valid Unicode character",
        "\"\ufffe\"|JSON parse error, invalid UTF-8 sequence in string",
        "{}x|Expecting at most one JSON value",
        "{} @|Expecting at most one JSON value",
        "{}[|Expecting at most one JSON value",
        "1]|Expecting at most one JSON value",
        "1 2|Expecting at most one JSON value",
        "0x10|Expecting at most one JSON value",
      })
  void malformedTextIsRefusedInTheReferencesWords(String text, String message) {
    BlockException e = assertThrows(BlockException.class, () -> JsonReader.parse(text));
    assertEquals(message, e.getMessage());
  }

  @Test
  void nestingIsBoundedAt1024() throws BlockException {
    assertNotNull(JsonReader.parse("[".repeat(1024) + "]".repeat(1024)));
    BlockException e = assertThrows(BlockException.class, () -> JsonReader.parse("[".repeat(1025)));
    assertEquals("JSON nesting depth limit exceeded", e.getMessage());
    e = assertThrows(BlockException.class, () -> JsonReader.parse("[".repeat(1024)));
    assertEquals("JSON parse error, premature EOI", e.getMessage());
  }

  @Test
  void sizesAreBounded() throws BlockException {
    int most = 1 << 23;
    assertNotNull(JsonReader.parse("\"" + "a".repeat(most - 2) + "\""));
    assertEquals("JSON token size limit exceeded", refusal("\"" + "a".repeat(most)));
    String part = "\"" + "a".repeat(most / 4) + "\",";
    assertEquals("JSON token size limit exceeded", refusal("[" + part.repeat(4)));
    int values = (1 << 17) - 2; // with a comma each, one more, and the brackets
    assertNotNull(JsonReader.parse("[" + "1,".repeat(values) + "1]"));
    assertEquals("JSON token count limit exceeded", refusal("[" + "1,".repeat(values + 2)));
    assertEquals(
        "JSON parse error, invalid keyword '" + "a".repeat(1000) + "...'",
        refusal("a".repeat(100_000)));
  }

  private static String refusal(String text) {
    return assertThrows(BlockException.class, () -> JsonReader.parse(text)).getMessage();
  }

  @Test
  void bothQuotesAndAllEscapesAreTaken() throws BlockException {
    assertEquals(new JsonString("a\"b"), JsonReader.parse("'a\"b'"));
    assertEquals(
        new JsonString("/\b\f\n\r\t\\\"'\u00e9\ud83d\ude00\0%s"),
        JsonReader.parse("\"\\/\\b\\f\\n\\r\\t\\\\\\\"\\'\\u00E9\\ud83d\\ude00\\u0000%s\""));
  }

  @Test
  void numbersAreExactUpTo64Bits() throws BlockException {
    assertEquals("18446744073709551615", JsonReader.parse("18446744073709551615").toString());
    assertEquals("-9223372036854775808", JsonReader.parse("-9223372036854775808").toString());
    assertEquals("9223372036854775808", JsonReader.parse("9223372036854775808").toString());
    assertEquals("0", JsonReader.parse("-0").toString());
    assertEquals(JsonNumber.of(1e20), JsonReader.parse("100000000000000000000"));
    assertEquals(JsonNumber.of(-9223372036854775809.0), JsonReader.parse("-9223372036854775809"));
    // json:{"driver":"null-co","size":1e16} is shown with these digits
    assertEquals("10000000000000000", JsonReader.parse("1e16").toString());
    assertEquals("0", JsonReader.parse("0.0").toString());
  }

  @Test
  void streamHandsOverEachValueWithItsLastCharacter() throws BlockException {
    var stream = new JsonStream();
    for (char c : "{\"a\": [1, {}]".toCharArray()) {
      assertNull(stream.accept(c));
    }
    assertEquals("{\"a\": [1, {}]}", String.valueOf(stream.accept('}')));
    assertNull(stream.accept('\n'));
    assertThrows(BlockException.class, () -> stream.accept('@'));
    assertNull(stream.accept('['));
    assertEquals(new JsonArray(), stream.accept(']'));
    assertNull(stream.accept('1'));
    assertEquals(JsonNumber.of(1), stream.finish());
  }

  @Test
  void streamForgetsABrokenValue() throws BlockException {
    var stream = new JsonStream();
    for (char c : "\"\\q".toCharArray()) {
      assertNull(stream.accept(c));
    }
    assertThrows(BlockException.class, () -> stream.accept('"'));
    assertNull(stream.accept('{'));
    assertEquals(new JsonObject(), stream.accept('}'));
  }
}
