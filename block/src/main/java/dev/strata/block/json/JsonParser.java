// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import dev.strata.block.BlockException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds a value from its tokens, whose nesting {@link JsonStream} has bounded. */
final class JsonParser {
  private final List<JsonToken> tokens;
  private int next;

  JsonParser(List<JsonToken> tokens) {
    this.tokens = tokens;
  }

  JsonValue parse() throws BlockException {
    return value();
  }

  private JsonToken take() throws BlockException {
    if (next == tokens.size()) {
      throw JsonReader.malformed("premature EOI");
    }
    return tokens.get(next++);
  }

  private boolean skip(JsonToken.Kind kind) {
    if (next < tokens.size() && tokens.get(next).kind() == kind) {
      next++;
      return true;
    }
    return false;
  }

  private JsonValue value() throws BlockException {
    JsonToken token = take();
    return switch (token.kind()) {
      case OPEN_OBJECT -> object();
      case OPEN_ARRAY -> array();
      case STRING -> new JsonString(unquote(token.text()));
      case INTEGER -> integer(token.text());
      case FLOAT -> JsonNumber.of(Double.parseDouble(token.text()));
      case KEYWORD -> keyword(token.text());
      case CLOSE_OBJECT, CLOSE_ARRAY, COLON, COMMA -> throw JsonReader.malformed("expecting value");
    };
  }

  private JsonObject object() throws BlockException {
    var object = new JsonObject();
    if (skip(JsonToken.Kind.CLOSE_OBJECT)) {
      return object;
    }
    while (true) {
      member(object);
      JsonToken token = take();
      if (token.kind() == JsonToken.Kind.CLOSE_OBJECT) {
        return object;
      }
      if (token.kind() != JsonToken.Kind.COMMA) {
        throw JsonReader.malformed("expected separator in dict");
      }
    }
  }

  private void member(JsonObject object) throws BlockException {
    if (!(value() instanceof JsonString(String key))) {
      throw JsonReader.malformed("key is not a string in object");
    }
    if (take().kind() != JsonToken.Kind.COLON) {
      throw JsonReader.malformed("missing : in object pair");
    }
    JsonValue value = value();
    if (object.has(key)) {
      throw JsonReader.malformed("duplicate key");
    }
    object.put(key, value);
  }

  private JsonArray array() throws BlockException {
    var array = new JsonArray();
    if (skip(JsonToken.Kind.CLOSE_ARRAY)) {
      return array;
    }
    while (true) {
      array.add(value());
      JsonToken token = take();
      if (token.kind() == JsonToken.Kind.CLOSE_ARRAY) {
        return array;
      }
      if (token.kind() != JsonToken.Kind.COMMA) {
        throw JsonReader.malformed("expected separator in list");
      }
    }
  }

  private static JsonValue keyword(String word) throws BlockException {
    return switch (word) {
      case "true" -> JsonBool.TRUE;
      case "false" -> JsonBool.FALSE;
      case "null" -> JsonNull.NULL;
      default -> throw JsonReader.malformed("invalid keyword " + JsonReader.quoted(word));
    };
  }

  private static JsonNumber integer(String text) {
    // At most 20 characters hold every 64-bit number; the lexer allows no leading zeroes.
    if (text.length() <= 20) {
      Long signed = exact(text);
      if (signed != null) {
        return JsonNumber.of(signed);
      }
      Long unsigned = text.charAt(0) == '-' ? null : exactUnsigned(text);
      if (unsigned != null) {
        return JsonNumber.ofUnsigned(unsigned);
      }
    }
    return JsonNumber.of(Double.parseDouble(text));
  }

  private static @Nullable Long exact(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static @Nullable Long exactUnsigned(String text) {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static String unquote(String token) throws BlockException {
    int end = token.length() - 1;
    var out = new StringBuilder(end);
    for (int i = 1; i < end; i++) {
      char c = token.charAt(i);
      if (c == '\\') {
        i = escape(token, i + 1, out);
        continue;
      }
      int codePoint = token.codePointAt(i);
      if (!isCharacter(codePoint)) {
        throw JsonReader.malformed("invalid UTF-8 sequence in string");
      }
      out.appendCodePoint(codePoint);
      i += Character.charCount(codePoint) - 1;
    }
    return out.toString();
  }

  /**
   * Appends the character escaped at {@code i}, behind its backslash; the place of its last one.
   */
  private static int escape(String token, int i, StringBuilder out) throws BlockException {
    char c = token.charAt(i);
    switch (c) {
      case '"', '\'', '\\', '/' -> out.append(c);
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'u' -> {
        return unicode(token, i, out);
      }
      default -> throw JsonReader.malformed("invalid escape sequence in string");
    }
    return i;
  }

  private static int unicode(String token, int i, StringBuilder out) throws BlockException {
    int codePoint = hex(token, i + 1);
    int last = i + 4;
    if (codePoint >= 0xd800 && codePoint < 0xdc00 && token.startsWith("\\u", last + 1)) {
      int low = hex(token, last + 3);
      if (low >= 0xdc00 && low < 0xe000) {
        codePoint = Character.toCodePoint((char) codePoint, (char) low);
        last += 6;
      }
    }
    if (!isCharacter(codePoint)) {
      throw JsonReader.malformed(
          "\\u"
              + token.substring(i + 1, Math.min(i + 5, token.length()))
              + " is not a valid Unicode character");
    }
    out.appendCodePoint(codePoint);
    return last;
  }

  /** Four hexadecimal digits at {@code i}, or -1. */
  private static int hex(String token, int i) {
    if (i + 4 > token.length()) {
      return -1;
    }
    int value = 0;
    for (int k = i; k < i + 4; k++) {
      char c = token.charAt(k);
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return -1;
      }
      value = (value << 4) | digit;
    }
    return value;
  }

  /** Unicode characters proper: no half of a pair, none of the 66 noncharacters. */
  private static boolean isCharacter(int codePoint) {
    return codePoint >= 0
        && (codePoint < 0xd800 || codePoint > 0xdfff)
        && (codePoint < 0xfdd0 || codePoint > 0xfdef)
        && (codePoint & 0xfffe) != 0xfffe;
  }
}
