// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/**
 * A JSON value. {@link #toString()} gives it on one line, as in a {@code json:} file name, keys in
 * their order of insertion.
 *
 * @see "RFC 8259"
 */
public sealed interface JsonValue
    permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBool, JsonNull {

  /** A string. */
  static JsonValue of(String value) {
    return new JsonString(value);
  }

  /** A signed whole number. */
  static JsonValue of(long value) {
    return JsonNumber.of(value);
  }

  /** True or false. */
  static JsonValue of(boolean value) {
    return value ? JsonBool.TRUE : JsonBool.FALSE;
  }
}
