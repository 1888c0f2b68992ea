// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a value may be. Types refer to one another in circles: they are told apart by identity, and
 * never hashed.
 *
 * <p>Features are words that tell clients more than the shape does, such as {@code deprecated}.
 *
 * @see "QEMU docs/devel/qapi-code-gen, Schema overview"
 */
public sealed interface QapiType {
  /** Text. */
  record Text() implements QapiType {}

  /** True or false. */
  record Bool() implements QapiType {}

  /**
   * A whole number.
   *
   * @param cName as the messages call it: {@code uint32_t}
   * @param lowest as signed
   * @param highest as signed; numbers of 64 bits without sign are not bounded by it
   * @param unsigned64 whether all 64 bits are a number without sign
   */
  record Whole(String cName, long lowest, long highest, boolean unsigned64) implements QapiType {}

  /** A number that need not be whole. */
  record Fraction() implements QapiType {}

  /** Whatever JSON can say; the command looks itself. */
  record Any() implements QapiType {}

  /** JSON null, which stands for none. */
  record Nothing() implements QapiType {}

  /** One of these words. */
  record Enumeration(String name, List<Word> words) implements QapiType {
    /** Whether that word is one of them. */
    boolean has(String word) {
      for (Word each : words) {
        if (each.name().equals(word)) {
          return true;
        }
      }
      return false;
    }
  }

  /** A word of an enumeration. */
  record Word(String name, List<String> features) {}

  /** Any number of these, in order. */
  record ListOf(QapiType item) implements QapiType {}

  /** One of several types that differ in their JSON type. */
  record Alternate(String name, List<QapiType> choices) implements QapiType {}

  /**
   * An object.
   *
   * @param members of every one, in the order in which they are looked at
   * @param tag the member whose word says what further members there are, or null
   * @param branches those, by that word; a word that is missing has none
   */
  record Structure(
      String name,
      List<Member> members,
      @Nullable String tag,
      Map<String, Structure> branches,
      List<String> features)
      implements QapiType {
    /** The type of a member that there is. */
    QapiType typeOf(String member) {
      for (Member each : members) {
        if (each.name().equals(member)) {
          return each.type();
        }
      }
      throw new IllegalArgumentException(member);
    }
  }

  /** A member of an object. */
  record Member(String name, QapiType type, boolean optional, List<String> features) {}
}
