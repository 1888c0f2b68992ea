// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/** A JSON string. */
public record JsonString(String value) implements JsonValue {
  @Override
  public String toString() {
    return JsonWriter.compact(this, KeyOrder.INSERTION);
  }
}
