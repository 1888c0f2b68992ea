// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

/** A lexical unit of JSON text: its kind and its text, quotes included. */
record JsonToken(Kind kind, String text) {
  enum Kind {
    OPEN_OBJECT,
    CLOSE_OBJECT,
    OPEN_ARRAY,
    CLOSE_ARRAY,
    COLON,
    COMMA,
    STRING,
    INTEGER,
    FLOAT,
    KEYWORD
  }
}
