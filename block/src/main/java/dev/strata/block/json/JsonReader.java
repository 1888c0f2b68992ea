// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON value from text, with the reference's extensions (strings in single quotes) and
 * words for errors.
 */
public final class JsonReader {
  private static final int MAX_QUOTED = 1000; // characters

  private JsonReader() {}

  /** The one value that {@code text} holds; EINVAL when it holds none, several, or no JSON. */
  public static JsonValue parse(String text) throws BlockException {
    var stream = new JsonStream();
    JsonValue only = null;
    for (int i = 0; i <= text.length(); i++) {
      JsonValue next;
      try {
        next = i < text.length() ? stream.accept(text.charAt(i)) : stream.finish();
      } catch (BlockException e) {
        throw only == null && stream.pending() == null ? e : tooMany();
      }
      // A number or keyword ends only at the character after it, which may itself end a value.
      for (; next != null; next = stream.pending()) {
        if (only != null) {
          throw tooMany();
        }
        only = next;
      }
    }
    if (only == null) {
      throw new BlockException(EINVAL, "Expecting a JSON value");
    }
    return only;
  }

  /** The object that {@code text} holds; EINVAL when it holds anything else. */
  public static JsonObject parseObject(String text) throws BlockException {
    if (parse(text) instanceof JsonObject object) {
      return object;
    }
    throw new BlockException(EINVAL, "Invalid JSON object given");
  }

  private static BlockException tooMany() {
    return new BlockException(EINVAL, "Expecting at most one JSON value");
  }

  static BlockException malformed(String what) {
    return new BlockException(EINVAL, "JSON parse error, " + what);
  }

  static BlockException stray(@Nullable CharSequence text) {
    return malformed("stray " + quoted(String.valueOf(text)));
  }

  /** For a message: the beginning tells what is wrong. */
  static String quoted(String text) {
    return text.length() <= MAX_QUOTED
        ? "'" + text + "'"
        : "'" + text.substring(0, MAX_QUOTED) + "...'";
  }
}
