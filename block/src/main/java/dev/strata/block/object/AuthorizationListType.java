// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import java.util.List;

/**
 * {@code authz-list}: rules, as properties.
 *
 * @see "QEMU's QAPI schema, AuthZListProperties"
 */
final class AuthorizationListType implements ObjectType {
  @Override
  public String name() {
    return "authz-list";
  }

  @Override
  public List<Property> properties() {
    return List.of(
        new Property("policy", "QAuthZListPolicy"), new Property("rules", "QAuthZListRule"));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    return AuthorizationRules.take(properties);
  }
}
