// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.block.tls.TlsPriority;
import dev.strata.block.tls.X509Credentials;
import java.util.List;

/**
 * {@code tls-creds-x509}: certificates in a folder.
 *
 * @see "QEMU's QAPI schema, TlsCredsX509Properties"
 */
final class TlsX509Type implements ObjectType {
  @Override
  public String name() {
    return "tls-creds-x509";
  }

  @Override
  public boolean loads() {
    return true;
  }

  @Override
  public List<Property> properties() {
    return List.of(
        Property.string("dir"),
        Property.word("endpoint", "QCryptoTLSCredsEndpoint", "client"),
        Property.string("passwordid"),
        Property.string("priority"),
        Property.bool("sanity-check", true),
        Property.bool("verify-peer", true));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    TlsEndpoint endpoint = endpoint(properties);
    TlsPriority priority = TlsPriority.parse(properties.string("priority"));
    boolean verifies = properties.bool("verify-peer", true);
    boolean checks = properties.bool("sanity-check", true);
    String dir = properties.string("dir");
    String password = properties.string("passwordid");
    properties.rejectUnknown();
    return new NamedCredentials(
        X509Credentials.load(
            dir,
            endpoint,
            verifies,
            checks,
            password == null ? null : others.secret(password).text(password),
            priority));
  }

  /** Which end they are for: as the reference has it, a client's if nothing is said. */
  static TlsEndpoint endpoint(ObjectProperties properties) throws BlockException {
    return "server".equals(properties.word("endpoint", "client", "server"))
        ? TlsEndpoint.SERVER
        : TlsEndpoint.CLIENT;
  }
}
