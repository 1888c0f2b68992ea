// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that keeps its members in the order they were put. Not for several threads while it
 * changes.
 */
public final class JsonObject implements JsonValue {
  private final LinkedHashMap<String, JsonValue> members = new LinkedHashMap<>();

  /** An object without members. */
  public JsonObject() {}

  public JsonObject put(String key, JsonValue value) {
    members.put(key, value);
    return this;
  }

  public JsonObject put(String key, String value) {
    return put(key, new JsonString(value));
  }

  public JsonObject put(String key, long value) {
    return put(key, JsonNumber.of(value));
  }

  public JsonObject put(String key, boolean value) {
    return put(key, JsonValue.of(value));
  }

  public @Nullable JsonValue get(String key) {
    return members.get(key);
  }

  /** The string of that key; null when there is none or it is no string. */
  public @Nullable String string(String key) {
    return members.get(key) instanceof JsonString string ? string.value() : null;
  }

  public boolean has(String key) {
    return members.containsKey(key);
  }

  public @Nullable JsonValue remove(String key) {
    return members.remove(key);
  }

  public int size() {
    return members.size();
  }

  public boolean isEmpty() {
    return members.isEmpty();
  }

  /** The keys, in order; a view that cannot be changed. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(members.keySet());
  }

  /** The members, in order; a view that cannot be changed. */
  public Map<String, JsonValue> members() {
    return Collections.unmodifiableMap(members);
  }

  /** Equal when the members are, in whatever order. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonObject object && members.equals(object.members);
  }

  @Override
  public int hashCode() {
    return members.hashCode();
  }

  @Override
  public String toString() {
    return JsonWriter.compact(this, KeyOrder.INSERTION);
  }
}
