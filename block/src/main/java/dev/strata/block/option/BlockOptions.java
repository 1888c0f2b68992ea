// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.KeyOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options to open a node or create an image with, in the order given. They are held flat, with
 * dotted names ({@code file.filename}, {@code children.0.driver}); nested JSON is flattened when it
 * comes in. Whoever understands an option takes it out; what is left at the end nobody understood.
 *
 * <p>Values are JSON scalars; from a command line all are strings, converted when taken. Not for
 * several threads.
 */
public final class BlockOptions {
  private static final int MAX_NESTING = 1024;

  private final LinkedHashMap<String, JsonValue> values = new LinkedHashMap<>();
  private @Nullable ArrayList<String> warnings;

  /** No options yet. */
  public BlockOptions() {}

  /** Names and values in turn. */
  public static BlockOptions of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value");
    }
    var options = new BlockOptions();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      options.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return options;
  }

  /** The members of {@code object}; its keys may be dotted, nested, or both. */
  public static BlockOptions of(JsonObject object) {
    var options = new BlockOptions();
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      if (isNested(member.getValue())) {
        options.put(member.getKey(), member.getValue());
      } else {
        // A nested value wins over a dotted one of the same name, as with the reference.
        options.values.putIfAbsent(member.getKey(), member.getValue());
      }
    }
    return options;
  }

  private static boolean isNested(JsonValue value) {
    return (value instanceof JsonObject object && !object.isEmpty())
        || (value instanceof JsonArray array && !array.isEmpty());
  }

  public void put(String name, String value) {
    values.put(name, new JsonString(value));
  }

  /** Objects and arrays that are not empty are put as their members, with dotted names. */
  public void put(String name, JsonValue value) {
    if (value instanceof JsonObject object && !object.isEmpty()) {
      for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
        put(name + "." + member.getKey(), member.getValue());
      }
    } else if (value instanceof JsonArray array && !array.isEmpty()) {
      for (int i = 0; i < array.size(); i++) {
        put(name + "." + i, array.get(i));
      }
    } else {
      values.put(name, value);
    }
  }

  public void put(String name, boolean value) {
    values.put(name, JsonValue.of(value));
  }

  public void put(String name, long value) {
    values.put(name, JsonValue.of(value));
  }

  public void putIfAbsent(String name, String value) {
    values.putIfAbsent(name, new JsonString(value));
  }

  public void putIfAbsent(String name, JsonValue value) {
    if (!has(name)) {
      put(name, value);
    }
  }

  /** Puts every option of {@code others} as {@code prefix.name}; with an empty prefix as it is. */
  public void putAll(String prefix, BlockOptions others) {
    String start = prefix.isEmpty() ? "" : prefix + ".";
    for (Map.Entry<String, JsonValue> other : others.values.entrySet()) {
      values.put(start + other.getKey(), other.getValue());
    }
  }

  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** Whether there is any option {@code prefix.*}. */
  public boolean hasSection(String prefix) {
    String start = prefix + ".";
    for (String name : values.keySet()) {
      if (name.startsWith(start)) {
        return true;
      }
    }
    return false;
  }

  /** Takes out every option {@code prefix.*}; the answer has them without the prefix. */
  public BlockOptions section(String prefix) {
    String start = prefix + ".";
    var section = new BlockOptions();
    for (var entries = values.entrySet().iterator(); entries.hasNext(); ) {
      Map.Entry<String, JsonValue> entry = entries.next();
      if (entry.getKey().startsWith(start)) {
        section.values.put(entry.getKey().substring(start.length()), entry.getValue());
        entries.remove();
      }
    }
    return section;
  }

  /** The value as it was given, left in place. */
  public @Nullable JsonValue get(String name) {
    return values.get(name);
  }

  /** The string of that name, left in place; null when there is none or it is no string. */
  public @Nullable String string(String name) {
    return values.get(name) instanceof JsonString(String value) ? value : null;
  }

  public void remove(String name) {
    values.remove(name);
  }

  /**
   * Takes out the option and gives its text: a number's digits, {@code on} or {@code off}. JSON
   * null and empty containers are taken out too, but count as not given, as with the reference.
   */
  public @Nullable String takeString(String name) {
    return text(values.remove(name));
  }

  /**
   * Takes out an option that names a node or a file; null when it is not given. What is no string
   * is taken out too, but names nothing.
   */
  public @Nullable String takeName(String name) {
    return values.remove(name) instanceof JsonString(String value) ? value : null;
  }

  /** Takes out an option of an open node, which can only be what it is {@code now}. */
  public void takeUnchanged(String name, String now) throws BlockException {
    String value = takeString(name);
    if (value != null && !value.equals(now)) {
      throw cannotChange(name);
    }
  }

  /** The failure of an option of an open node that would have to change. */
  public static BlockException cannotChange(String name) {
    return new BlockException(EINVAL, "Cannot change the option '" + name + "'");
  }

  /** Takes out an option that is on or off; null when it is not given. */
  public @Nullable Boolean takeBool(String name) throws BlockException {
    String text = takeString(name);
    return text == null ? null : Option.parseBool(name, text);
  }

  /** Takes out a number of 64 bits; null when it is not given. */
  public @Nullable Long takeNumber(String name) throws BlockException {
    String text = takeString(name);
    return text == null ? null : Option.parseNumber(name, text);
  }

  /** Takes out a size in bytes, unsigned; null when it is not given. */
  public @Nullable Long takeSize(String name) throws BlockException {
    String text = takeString(name);
    return text == null ? null : noted(text, Option.parseSize(name, text));
  }

  /** Takes out the option; its default, which may be null, when it is not given. */
  public <T> @Nullable T take(Option<T> option) throws BlockException {
    String text = takeString(option.name());
    return text == null ? option.fallback() : parsed(option, text);
  }

  /** Takes out the option; {@code otherwise} when it is not given. */
  public <T> T take(Option<T> option, T otherwise) throws BlockException {
    String text = takeString(option.name());
    return text == null ? otherwise : parsed(option, text);
  }

  /** As {@link #take(Option)}, but leaves the option in place. */
  public <T> @Nullable T checked(Option<T> option) throws BlockException {
    String text = text(values.get(option.name()));
    return text == null ? option.fallback() : parsed(option, text);
  }

  private <T> T parsed(Option<T> option, String text) throws BlockException {
    T value = option.parse(text);
    return option.type() == Option.Type.SIZE ? noted(text, value) : value;
  }

  private <T> T noted(String text, T size) {
    String warning = Size.deprecation(text);
    if (warning != null) {
      if (warnings == null) {
        warnings = new ArrayList<>();
      }
      warnings.add(warning);
    }
    return size;
  }

  /** What the values converted since the last call give reason to warn of; copies have none. */
  public List<String> takeWarnings() {
    List<String> taken = warnings == null ? List.of() : warnings;
    warnings = null;
    return taken;
  }

  /** The text of a scalar; null for none, and for JSON null and empty containers. */
  private static @Nullable String text(@Nullable JsonValue value) {
    // No switch over types here and where else every command passes: the JVM makes a class for one.
    if (value instanceof JsonString(String string)) {
      return string;
    }
    if (value instanceof JsonBool(boolean bool)) {
      return bool ? "on" : "off";
    }
    return value instanceof JsonNumber ? value.toString() : null;
  }

  /** The names, in order; a view that cannot be changed. */
  public Set<String> names() {
    return Collections.unmodifiableSet(values.keySet());
  }

  public boolean isEmpty() {
    return values.isEmpty();
  }

  public BlockOptions copy() {
    var copy = new BlockOptions();
    copy.values.putAll(values);
    return copy;
  }

  /** EINVAL that names an option nobody took; nothing when all are taken. */
  public void rejectUnknown(String driver, boolean protocol) throws BlockException {
    String first = null;
    for (String name : values.keySet()) {
      // The reference names the first in its printing order.
      if (first == null || KeyOrder.bucket(name) < KeyOrder.bucket(first)) {
        first = name;
      }
    }
    if (first != null) {
      throw new BlockException(
          EINVAL,
          protocol
              ? "Block protocol '" + driver + "' doesn't support the option '" + first + "'"
              : "Block format '" + driver + "' does not support the option '" + first + "'");
    }
  }

  /**
   * The options nested again: {@code a.b} becomes a member of an object {@code a}, {@code a.0},
   * {@code a.1}, … the items of an array. Dots deeper than JSON may be nested stay as they are.
   */
  public JsonObject toJson() {
    return nested(MAX_NESTING);
  }

  private JsonObject nested(int levels) {
    var object = new JsonObject();
    var sections = new LinkedHashMap<String, BlockOptions>();
    for (Map.Entry<String, JsonValue> entry : values.entrySet()) {
      String name = entry.getKey();
      int dot = name.indexOf('.');
      String head = dot < 0 ? name : name.substring(0, dot);
      if (dot < 0 || levels == 0 || values.containsKey(head)) {
        object.put(name, entry.getValue());
        continue;
      }
      BlockOptions section = sections.get(head);
      if (section == null) {
        section = new BlockOptions();
        sections.put(head, section);
        object.put(head, JsonNull.NULL); // holds the place in the order
      }
      section.values.put(name.substring(dot + 1), entry.getValue());
    }
    for (Map.Entry<String, BlockOptions> section : sections.entrySet()) {
      JsonObject nested = section.getValue().nested(levels - 1);
      JsonArray array = asArray(nested);
      object.put(section.getKey(), array == null ? nested : array);
    }
    return object;
  }

  /** The array whose indices are the keys of {@code object}, or null when they are none. */
  private static @Nullable JsonArray asArray(JsonObject object) {
    var array = new JsonArray();
    for (int i = 0; i < object.size(); i++) {
      JsonValue item = object.get(Integer.toString(i));
      if (item == null) {
        return null;
      }
      array.add(item);
    }
    return array;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof BlockOptions options && values.equals(options.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** For debugging: as JSON, flat. */
  @Override
  public String toString() {
    return values.toString();
  }
}
