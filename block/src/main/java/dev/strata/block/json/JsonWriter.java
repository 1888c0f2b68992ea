// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.util.List;

/**
 * JSON text as the reference prints it. ASCII only: other characters become {@code \}{@code uXXXX},
 * pairs of them beyond U+FFFF.
 */
public final class JsonWriter {
  private static final String HEX = "0123456789ABCDEF";

  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;
  private final KeyOrder order;

  private JsonWriter(boolean pretty, KeyOrder order) {
    this.pretty = pretty;
    this.order = order;
  }

  /** On one line, in the reference's order: {@code {"driver": "raw", "file": {…}}}. */
  public static String compact(JsonValue value) {
    return compact(value, KeyOrder.REFERENCE);
  }

  /** On one line. */
  public static String compact(JsonValue value, KeyOrder order) {
    var writer = new JsonWriter(false, order);
    writer.value(value, 0);
    return writer.out.toString();
  }

  /**
   * On several lines, four spaces a level, in the reference's order, without a newline at the end:
   * as {@code info --output=json}.
   */
  public static String pretty(JsonValue value) {
    return pretty(value, KeyOrder.REFERENCE);
  }

  /** On several lines, four spaces a level, without a newline at the end. */
  public static String pretty(JsonValue value, KeyOrder order) {
    var writer = new JsonWriter(true, order);
    writer.value(value, 0);
    return writer.out.toString();
  }

  private void value(JsonValue value, int depth) {
    if (value instanceof JsonObject object) {
      object(object, depth);
    } else if (value instanceof JsonArray array) {
      array(array.items(), depth);
    } else if (value instanceof JsonString(String string)) {
      string(string);
    } else {
      out.append(value);
    }
  }

  private void object(JsonObject object, int depth) {
    out.append('{');
    boolean first = true;
    for (String key : order.keys(object)) {
      separator(first, depth + 1);
      first = false;
      string(key);
      out.append(": ");
      JsonValue member = object.get(key);
      if (member != null) {
        value(member, depth + 1);
      }
    }
    newline(depth);
    out.append('}');
  }

  private void array(List<JsonValue> items, int depth) {
    out.append('[');
    for (int i = 0; i < items.size(); i++) {
      separator(i == 0, depth + 1);
      value(items.get(i), depth + 1);
    }
    newline(depth);
    out.append(']');
  }

  private void separator(boolean first, int depth) {
    if (!first) {
      out.append(pretty ? "," : ", ");
    }
    newline(depth);
  }

  private void newline(int depth) {
    if (pretty) {
      out.append('\n');
      for (int i = 0; i < depth; i++) {
        out.append("    ");
      }
    }
  }

  private void string(String string) {
    out.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c >= 0x20 && c < 0x7f) {
            out.append(c);
          } else {
            escape(c);
          }
        }
      }
    }
    out.append('"');
  }

  private void escape(char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(HEX.charAt((c >> shift) & 0xf));
    }
  }
}
