// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a value may be.
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

  /** Whatever JSON can say; the command looks itself. */
  record Any() implements QapiType {}

  /** JSON null, which stands for none. */
  record Nothing() implements QapiType {}

  /** One of these words. */
  record Enumeration(String name, List<String> words) implements QapiType {}

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
      String name, List<Member> members, @Nullable String tag, Map<String, Structure> branches)
      implements QapiType {}

  /** A member of an object. */
  record Member(String name, QapiType type, boolean optional) {}
}
