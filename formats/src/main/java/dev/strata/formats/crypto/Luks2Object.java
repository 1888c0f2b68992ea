// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An object in a LUKS2 header's text, with the place where it is, for messages. Each method asks
 * for a member of one type and throws EINVAL if that is not what is there.
 *
 * @param place as in {@code keyslots.0.kdf}; empty for the whole text
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3"
 */
record Luks2Object(String place, JsonObject members) {
  private static final int SHOWN_NAME = 32;

  private String placeOf(String name) {
    String shown = name.length() > SHOWN_NAME ? name.substring(0, SHOWN_NAME) + "…" : name;
    return (place.isEmpty() ? "" : place + ".") + LuksHeader.printable(shown);
  }

  /** What to say of a member. */
  BlockException wrong(String name, String problem) {
    return new BlockException(Errno.EINVAL, "LUKS2 header: '" + placeOf(name) + "' " + problem);
  }

  boolean has(String name) {
    return members.has(name);
  }

  Luks2Object object(String name) throws BlockException {
    if (members.get(name) instanceof JsonObject object) {
      return new Luks2Object(placeOf(name), object);
    }
    throw wrong(name, "is no object");
  }

  String string(String name) throws BlockException {
    String value = members.string(name);
    if (value == null) {
      throw wrong(name, "is no string");
    }
    return LuksHeader.printable(value);
  }

  List<String> strings(String name) throws BlockException {
    var all = new ArrayList<String>();
    if (!(members.get(name) instanceof JsonArray array)) {
      throw wrong(name, "is no list");
    }
    for (JsonValue item : array) {
      if (!(item instanceof JsonString string)) {
        throw wrong(name, "is no list of strings");
      }
      all.add(string.value());
    }
    return all;
  }

  /** A number from {@code min} to {@code max}. */
  int number(String name, int min, int max) throws BlockException {
    if (members.get(name) instanceof JsonNumber number && number.isSigned()) {
      return (int) within(name, number.bits(), min, max);
    }
    throw wrong(name, "is no whole number");
  }

  /** A number that is written as a string, for it may be too large for some readers of JSON. */
  long decimal(String name, long min, long max) throws BlockException {
    String digits = string(name);
    if (digits.isEmpty() || digits.length() > 20 || !digits.chars().allMatch(c -> isDigit(c))) {
      throw wrong(name, "is no decimal number");
    }
    try {
      return within(name, Long.parseLong(digits), min, max);
    } catch (NumberFormatException e) {
      throw wrong(name, "is " + digits + ", more than " + max);
    }
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private long within(String name, long value, long min, long max) throws BlockException {
    if (value < min || value > max) {
      throw wrong(name, "is " + value + ", not from " + min + " to " + max);
    }
    return value;
  }

  /** Bytes in base64, from {@code min} to {@code max} of them. */
  byte[] bytes(String name, int min, int max) throws BlockException {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(string(name));
    } catch (IllegalArgumentException e) {
      throw wrong(name, "is not in base64");
    }
    within(name, bytes.length, min, max);
    return bytes;
  }

  /** A hash that is known. */
  HashAlgorithm hash(String name) throws BlockException {
    return LuksAlgorithms.hash(string(name));
  }
}
