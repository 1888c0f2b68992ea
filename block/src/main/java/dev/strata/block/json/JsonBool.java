// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/** True or false. */
public record JsonBool(boolean value) implements JsonValue {
  public static final JsonBool TRUE = new JsonBool(true);
  public static final JsonBool FALSE = new JsonBool(false);

  /** The one of the two. */
  public static JsonBool of(boolean value) {
    return value ? TRUE : FALSE;
  }

  @Override
  public String toString() {
    return value ? "true" : "false";
  }
}
