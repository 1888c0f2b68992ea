// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import java.util.List;

/**
 * {@code authz-list}: rules, as properties.
 *
 * @see "QEMU's QAPI schema, AuthZListProperties"
 */
final class AuthorizationListType implements ObjectType {
  private static final class Changing implements Authorization {
    private volatile AuthorizationRules rules;

    Changing(AuthorizationRules rules) {
      this.rules = rules;
    }

    @Override
    public boolean allows(String identity) {
      return rules.allows(identity);
    }

    @Override
    public void change(String name, ObjectProperties value) throws BlockException {
      AuthorizationRules given = AuthorizationRules.take(value);
      AuthorizationRules now = rules;
      rules =
          name.equals("policy")
              ? new AuthorizationRules(now.rules(), given.otherwise())
              : new AuthorizationRules(given.rules(), now.otherwise());
    }
  }

  @Override
  public String name() {
    return "authz-list";
  }

  @Override
  public List<Property> properties() {
    return List.of(
        Property.word("policy", "QAuthZListPolicy", "deny"),
        new Property("rules", "QAuthZListRule", new JsonArray()));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    return new Changing(AuthorizationRules.take(properties));
  }
}
