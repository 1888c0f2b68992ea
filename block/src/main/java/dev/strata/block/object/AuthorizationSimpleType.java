// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import java.util.List;

/**
 * {@code authz-simple}: one may, and nobody else.
 *
 * @see "QEMU's QAPI schema, AuthZSimpleProperties"
 */
final class AuthorizationSimpleType implements ObjectType {
  private static final class Simple implements Authorization {
    private volatile String allowed;

    Simple(String allowed) {
      this.allowed = allowed;
    }

    @Override
    public boolean allows(String identity) {
      return identity.equals(allowed);
    }

    @Override
    public void change(String name, ObjectProperties value) throws BlockException {
      allowed = value.requiredString(name);
    }
  }

  @Override
  public String name() {
    return "authz-simple";
  }

  @Override
  public List<Property> properties() {
    return List.of(Property.string("identity"));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    String identity = properties.requiredString("identity");
    properties.rejectUnknown();
    return new Simple(identity);
  }
}
