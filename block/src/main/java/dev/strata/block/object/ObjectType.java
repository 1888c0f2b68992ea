// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
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

  /**
   * Something to say of an object.
   *
   * @param type what its value is, as a help listing shows it: {@code string}, {@code int}, …
   */
  record Property(String name, String type) {}
}
