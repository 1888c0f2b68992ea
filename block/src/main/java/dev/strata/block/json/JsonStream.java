// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of characters into JSON values, as a monitor connection needs it: a value is handed
 * over with the character that completes it. After an error the stream goes on with the next
 * character, with nothing of the broken value left.
 *
 * <p>Limits: 1024 levels of nesting as in the reference; 2^18 tokens and 2^23 characters a value,
 * an eighth of the reference's, so that a value fits the heap of a small program. One thread at a
 * time.
 */
public final class JsonStream {
  private static final int MAX_NESTING = 1024;
  private static final int MAX_TOKENS = 1 << 18;
  private static final int MAX_KEPT = 1 << 16; // characters of room for the next token
  private static final int MAX_CHARACTERS = 1 << 23;

  private enum State {
    START,
    DOUBLE_QUOTED,
    DOUBLE_QUOTED_ESCAPE,
    SINGLE_QUOTED,
    SINGLE_QUOTED_ESCAPE,
    MINUS,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXPONENT_MARK,
    EXPONENT_SIGN,
    EXPONENT,
    KEYWORD
  }

  private StringBuilder text = new StringBuilder();
  private final ArrayDeque<JsonValue> ready = new ArrayDeque<>();
  private ArrayList<JsonToken> tokens = new ArrayList<>();
  private State state = State.START;
  private int openObjects;
  private int openArrays;
  private int characters;

  /** A stream at its start. */
  public JsonStream() {}

  /**
   * Takes the next character; the value that it completes, or null. A character that ends a number
   * and begins an error throws; the number is then {@link #pending}, and comes before the error.
   */
  public @Nullable JsonValue accept(char c) throws BlockException {
    while (true) {
      State next = next(c);
      if (next != null) {
        if (next != State.START) {
          text.append(c);
          if (text.length() > MAX_CHARACTERS) {
            throw reset(new BlockException(EINVAL, "JSON token size limit exceeded"));
          }
        }
        state = next;
        return ready.poll();
      }
    }
  }

  /** Ends the input; the value that this completes (a number, a keyword), or null. */
  public @Nullable JsonValue finish() throws BlockException {
    switch (state) {
      case START -> {}
      case ZERO, DIGITS -> emit(JsonToken.Kind.INTEGER);
      case FRACTION, EXPONENT -> emit(JsonToken.Kind.FLOAT);
      case KEYWORD -> emit(JsonToken.Kind.KEYWORD);
      case DOUBLE_QUOTED,
          DOUBLE_QUOTED_ESCAPE,
          SINGLE_QUOTED,
          SINGLE_QUOTED_ESCAPE,
          MINUS,
          POINT,
          EXPONENT_MARK,
          EXPONENT_SIGN ->
          throw reset(JsonReader.stray(text));
    }
    state = State.START;
    if (!tokens.isEmpty()) {
      // What is there may be wrong before it is too short; the parser says which.
      var incomplete = tokens;
      forget();
      ready.add(new JsonParser(incomplete).parse());
    }
    return ready.poll();
  }

  /** A further value that is complete, or null: a character may complete two. */
  public @Nullable JsonValue pending() {
    return ready.poll();
  }

  /**
   * The state after {@code c}; null when {@code c} only ended a number or keyword and is to be
   * looked at again.
   */
  private @Nullable State next(char c) throws BlockException {
    switch (state) {
      case START:
        return start(c);
      case DOUBLE_QUOTED:
        return inString(c, '"', State.DOUBLE_QUOTED, State.DOUBLE_QUOTED_ESCAPE);
      case SINGLE_QUOTED:
        return inString(c, '\'', State.SINGLE_QUOTED, State.SINGLE_QUOTED_ESCAPE);
      case DOUBLE_QUOTED_ESCAPE:
        return c >= 0x20 ? State.DOUBLE_QUOTED : fail(c);
      case SINGLE_QUOTED_ESCAPE:
        return c >= 0x20 ? State.SINGLE_QUOTED : fail(c);
      case MINUS:
        return c == '0' ? State.ZERO : isDigit(c) ? State.DIGITS : fail(c);
      case ZERO:
        if (isDigit(c)) {
          return fail(c);
        }
        // Stricter than RFC 8259, as the reference is: no exponent right after a lone zero.
        return c == '.' ? State.POINT : end(JsonToken.Kind.INTEGER);
      case DIGITS:
        return isDigit(c) ? State.DIGITS : afterInteger(c);
      case POINT:
        return isDigit(c) ? State.FRACTION : fail(c);
      case FRACTION:
        if (isDigit(c)) {
          return State.FRACTION;
        }
        return isExponentMark(c) ? State.EXPONENT_MARK : end(JsonToken.Kind.FLOAT);
      case EXPONENT_MARK:
        if (c == '+' || c == '-') {
          return State.EXPONENT_SIGN;
        }
        return isDigit(c) ? State.EXPONENT : fail(c);
      case EXPONENT_SIGN:
        return isDigit(c) ? State.EXPONENT : fail(c);
      case EXPONENT:
        return isDigit(c) ? State.EXPONENT : end(JsonToken.Kind.FLOAT);
      case KEYWORD:
        return c >= 'a' && c <= 'z' ? State.KEYWORD : end(JsonToken.Kind.KEYWORD);
    }
    throw new AssertionError(state);
  }

  private State start(char c) throws BlockException {
    switch (c) {
      case ' ', '\t', '\r', '\n':
        return State.START;
      case '"':
        return State.DOUBLE_QUOTED;
      case '\'':
        return State.SINGLE_QUOTED;
      case '-':
        return State.MINUS;
      case '0':
        return State.ZERO;
      case '{':
        return structural(c, JsonToken.Kind.OPEN_OBJECT);
      case '}':
        return structural(c, JsonToken.Kind.CLOSE_OBJECT);
      case '[':
        return structural(c, JsonToken.Kind.OPEN_ARRAY);
      case ']':
        return structural(c, JsonToken.Kind.CLOSE_ARRAY);
      case ':':
        return structural(c, JsonToken.Kind.COLON);
      case ',':
        return structural(c, JsonToken.Kind.COMMA);
      default:
        if (isDigit(c)) {
          return State.DIGITS;
        }
        return c >= 'a' && c <= 'z' ? State.KEYWORD : fail(c);
    }
  }

  private State structural(char c, JsonToken.Kind kind) throws BlockException {
    text.append(c);
    emit(kind);
    return State.START;
  }

  private State inString(char c, char quote, State same, State escape) throws BlockException {
    if (c == quote) {
      text.append(c);
      state = State.START; // also when the value turns out to be malformed
      emit(JsonToken.Kind.STRING);
      return State.START;
    }
    if (c < 0x20) {
      return fail(c);
    }
    return c == '\\' ? escape : same;
  }

  private @Nullable State afterInteger(char c) throws BlockException {
    if (c == '.') {
      return State.POINT;
    }
    return isExponentMark(c) ? State.EXPONENT_MARK : end(JsonToken.Kind.INTEGER);
  }

  private @Nullable State end(JsonToken.Kind kind) throws BlockException {
    state = State.START;
    emit(kind);
    return null;
  }

  private State fail(char c) throws BlockException {
    // The reference shows the first byte of a character's UTF-8 alone, which is no text.
    throw reset(JsonReader.stray(text.append(c < 0x80 ? c : '\ufffd')));
  }

  private void emit(JsonToken.Kind kind) throws BlockException {
    tokens.add(new JsonToken(kind, text.toString()));
    characters += text.length();
    clearText();
    switch (kind) {
      case OPEN_OBJECT -> openObjects++;
      case CLOSE_OBJECT -> openObjects--;
      case OPEN_ARRAY -> openArrays++;
      case CLOSE_ARRAY -> openArrays--;
      case COLON, COMMA, STRING, INTEGER, FLOAT, KEYWORD -> {}
    }
    if (characters > MAX_CHARACTERS) {
      throw reset(new BlockException(EINVAL, "JSON token size limit exceeded"));
    }
    if (tokens.size() > MAX_TOKENS) {
      throw reset(new BlockException(EINVAL, "JSON token count limit exceeded"));
    }
    if (openObjects + openArrays > MAX_NESTING) {
      throw reset(new BlockException(EINVAL, "JSON nesting depth limit exceeded"));
    }
    // Brackets closed that were never opened end the value too: it is then found to be malformed.
    if (openObjects < 0 || openArrays < 0 || (openObjects == 0 && openArrays == 0)) {
      var complete = tokens;
      forget();
      ready.add(new JsonParser(complete).parse());
    }
  }

  private BlockException reset(BlockException failure) {
    state = State.START;
    clearText();
    forget();
    return failure;
  }

  private void clearText() {
    if (text.capacity() > MAX_KEPT) {
      text = new StringBuilder();
    } else {
      text.setLength(0);
    }
  }

  private void forget() {
    tokens = new ArrayList<>();
    openObjects = 0;
    openArrays = 0;
    characters = 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isExponentMark(char c) {
    return c == 'e' || c == 'E';
  }
}
