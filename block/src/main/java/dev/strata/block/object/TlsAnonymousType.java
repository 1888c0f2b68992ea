// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.tls.AnonymousCredentials;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.block.tls.TlsPriority;
import java.util.List;

/**
 * {@code tls-creds-anon}: encryption without knowing for whom, so {@code verify-peer} changes
 * nothing; nor does a folder, whose Diffie-Hellman parameters are not needed where well known
 * groups are used.
 *
 * @see "QEMU's QAPI schema, TlsCredsAnonProperties"
 */
final class TlsAnonymousType implements ObjectType {
  @Override
  public String name() {
    return "tls-creds-anon";
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
        Property.string("priority"),
        Property.bool("verify-peer", true));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    TlsEndpoint endpoint = TlsX509Type.endpoint(properties);
    TlsPriority priority = TlsPriority.parse(properties.string("priority"));
    properties.bool("verify-peer", true);
    properties.string("dir");
    properties.rejectUnknown();
    return new NamedCredentials(new AnonymousCredentials(endpoint, priority));
  }
}
