// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An argument that spells nested data in dotted keys, {@code qom-type=secret,id=s} or {@code
 * driver=quorum,children.0=a,children.1=b}, as {@code --object} and {@code --blockdev} take it.
 * Unlike in an {@link OptionString}, keys are checked and a key needs a value. All values are
 * strings.
 *
 * @param object what the argument says
 * @param help whether {@code help} or {@code ?} was among it
 * @see "QEMU docs/devel/qapi-code-gen, naming rules"
 */
public record DottedKeys(JsonObject object, boolean help) {
  private static final int MAX_FRAGMENT = 127;

  /**
   * The data of {@code text}.
   *
   * @param impliedKey what a first value without a key is, or null
   */
  public static DottedKeys parse(String text, @Nullable String impliedKey) throws BlockException {
    return new Parser(text).parse(impliedKey);
  }

  /** As {@link #parse}, but text that begins with a brace is JSON. */
  public static DottedKeys parseOrJson(String text, @Nullable String impliedKey)
      throws BlockException {
    return text.startsWith("{")
        ? new DottedKeys(JsonReader.parseObject(text), false)
        : parse(text, impliedKey);
  }

  private static final class Parser {
    private final String text;
    private final JsonObject root = new JsonObject();
    private int position;
    private boolean help;

    Parser(String text) {
      this.text = text;
    }

    DottedKeys parse(@Nullable String impliedKey) throws BlockException {
      while (position < text.length()) {
        one(position == 0 ? impliedKey : null);
      }
      return new DottedKeys(root.isEmpty() ? root : (JsonObject) listed(root, ""), help);
    }

    private void one(@Nullable String impliedKey) throws BlockException {
      int start = position;
      int end = start;
      while (end < text.length() && text.charAt(end) != '=' && text.charAt(end) != ',') {
        end++;
      }
      String key = text.substring(start, end);
      if (end == text.length() || text.charAt(end) == ',') {
        if (OptionString.isHelp(key)) {
          help = true;
          position = Math.min(end + 1, text.length());
          return;
        }
        if (impliedKey != null && end > start) {
          put(impliedKey, key);
          position = Math.min(end + 1, text.length());
          return;
        }
        fragments(key); // a malformed key is the error named first
        throw new BlockException(EINVAL, "Expected '=' after parameter '" + key + "'");
      }
      position = end + 1;
      put(key, value());
    }

    private String value() {
      var value = new StringBuilder();
      while (position < text.length()) {
        char c = text.charAt(position++);
        if (c == ',') {
          if (position == text.length() || text.charAt(position) != ',') {
            break;
          }
          position++;
        }
        value.append(c);
      }
      return value.toString();
    }

    private void put(String key, String value) throws BlockException {
      ArrayList<String> fragments = fragments(key);
      JsonObject object = root;
      var path = new StringBuilder();
      for (int i = 0; i < fragments.size() - 1; i++) {
        path.append(i == 0 ? "" : ".").append(fragments.get(i));
        JsonValue inner = object.get(fragments.get(i));
        if (inner == null) {
          inner = new JsonObject();
          object.put(fragments.get(i), inner);
        }
        if (!(inner instanceof JsonObject next)) {
          throw inconsistent(path.toString());
        }
        object = next;
      }
      String last = fragments.getLast();
      if (object.get(last) instanceof JsonObject) {
        throw inconsistent(key);
      }
      object.put(last, new JsonString(value));
    }

    private static ArrayList<String> fragments(String key) throws BlockException {
      var fragments = new ArrayList<String>();
      int start = 0;
      while (true) {
        int end = fragmentEnd(key, start);
        if (end == start
            || (end < key.length() && key.charAt(end) != '.')
            || (start == 0 && isDigit(key.charAt(0)))) {
          throw new BlockException(EINVAL, "Invalid parameter '" + key + "'");
        }
        if (end - start > MAX_FRAGMENT) {
          String what = start == 0 && end == key.length() ? "Parameter" : "Parameter fragment";
          throw new BlockException(
              EINVAL, what + " '" + key.substring(start, end) + "' is too long");
        }
        String fragment = key.substring(start, end);
        fragments.add(isDigit(fragment.charAt(0)) ? withoutLeadingZeroes(fragment) : fragment);
        if (end == key.length()) {
          return fragments;
        }
        start = end + 1;
      }
    }

    /** The end of the name or index at {@code start}; {@code start} itself when there is none. */
    private static int fragmentEnd(String key, int start) {
      int i = start;
      if (i < key.length() && isDigit(key.charAt(i))) {
        while (i < key.length() && isDigit(key.charAt(i))) {
          i++;
        }
        return i;
      }
      if (key.startsWith("__", start)) { // a vendor's extension: __org.example_name
        i += 2;
        while (i < key.length() && (isNameCharacter(key.charAt(i)) || key.charAt(i) == '.')) {
          if (key.charAt(i) == '_') {
            break;
          }
          i++;
        }
        if (i >= key.length() || key.charAt(i) != '_') {
          return start;
        }
        i++;
      }
      if (i >= key.length() || !isLetter(key.charAt(i))) {
        return start;
      }
      while (i < key.length() && isNameCharacter(key.charAt(i))) {
        i++;
      }
      return i;
    }

    private static String withoutLeadingZeroes(String digits) {
      int i = 0;
      while (i < digits.length() - 1 && digits.charAt(i) == '0') {
        i++;
      }
      return digits.substring(i);
    }

    /** {@code value} with each object whose keys are numbers made an array. */
    private static JsonValue listed(JsonValue value, String path) throws BlockException {
      if (!(value instanceof JsonObject object)) {
        return value;
      }
      var out = new JsonObject();
      int indices = 0;
      for (String key : object.keys()) {
        JsonValue member = object.get(key);
        if (member != null) {
          out.put(key, listed(member, path.isEmpty() ? key : path + "." + key));
        }
        indices += isDigit(key.charAt(0)) ? 1 : 0;
      }
      if (indices == 0) {
        return out;
      }
      if (indices < out.size()) {
        throw inconsistent(path);
      }
      var array = new JsonArray();
      for (int i = 0; i < indices; i++) {
        JsonValue item = out.get(Integer.toString(i));
        if (item == null) {
          throw new BlockException(EINVAL, "Parameter '" + path + "." + i + "' missing");
        }
        array.add(item);
      }
      return array;
    }

    private static BlockException inconsistent(String path) {
      return new BlockException(EINVAL, "Parameters '" + path + ".*' used inconsistently");
    }

    private static boolean isDigit(char c) {
      return c >= '0' && c <= '9';
    }

    private static boolean isLetter(char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isNameCharacter(char c) {
      return isLetter(c) || isDigit(c) || c == '-' || c == '_';
    }
  }
}
