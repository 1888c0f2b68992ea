// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.List;

/** A kind of object that users can define. Stateless. */
public interface ObjectType {
  /** The type's name, as in {@code qom-type=}. */
  String name();

  /** What can be said of such an object, in the order of a help listing. */
  List<Property> properties();

  /**
   * Makes an object.
   *
   * @param properties what the user says of it, all of it known to be among {@link #properties}
   * @param others the objects that are there, for those that refer to others
   * @throws BlockException in the reference's words
   */
  NamedObject create(ObjectProperties properties, ObjectRegistry others) throws BlockException;

  /** Whether such an object tells, in a property {@code loaded}, that what it names is read. */
  default boolean loads() {
    return false;
  }

  /**
   * Something to say of an object.
   *
   * @param type what its value is, as a help listing shows it: {@code string}, {@code int}, …
   * @param initial its value if nothing is said
   */
  record Property(String name, String type, JsonValue initial) {
    /** A text, empty if nothing is said. */
    public static Property string(String name) {
      return new Property(name, "string", new JsonString(""));
    }

    /** A flag. */
    public static Property bool(String name, boolean initial) {
      return new Property(name, "bool", JsonBool.of(initial));
    }

    /** A number. */
    public static Property number(String name, long initial) {
      return new Property(name, "int", JsonNumber.of(initial));
    }

    /** One of a few words. */
    static Property word(String name, String type, String initial) {
      return new Property(name, type, new JsonString(initial));
    }
  }
}
