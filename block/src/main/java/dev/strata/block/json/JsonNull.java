// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/** The JSON null. */
public enum JsonNull implements JsonValue {
  NULL;

  @Override
  public String toString() {
    return "null";
  }
}
