// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A JSON array; grows by {@link #add}. Not for several threads while it grows. */
public final class JsonArray implements JsonValue, Iterable<JsonValue> {
  private final ArrayList<JsonValue> items = new ArrayList<>();

  /** An empty array. */
  public JsonArray() {}

  /** An array of these items. */
  public JsonArray(Collection<? extends JsonValue> items) {
    this.items.addAll(items);
  }

  public JsonArray add(JsonValue item) {
    items.add(item);
    return this;
  }

  public JsonArray add(String item) {
    return add(new JsonString(item));
  }

  public JsonArray add(long item) {
    return add(JsonNumber.of(item));
  }

  public JsonValue get(int index) {
    return items.get(index);
  }

  public int size() {
    return items.size();
  }

  public boolean isEmpty() {
    return items.isEmpty();
  }

  /** A view that cannot be changed. */
  public List<JsonValue> items() {
    return Collections.unmodifiableList(items);
  }

  @Override
  public Iterator<JsonValue> iterator() {
    return items().iterator();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonArray array && items.equals(array.items);
  }

  @Override
  public int hashCode() {
    return items.hashCode();
  }

  @Override
  public String toString() {
    return JsonWriter.compact(this, KeyOrder.INSERTION);
  }
}
