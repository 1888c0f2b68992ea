// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.tls.PskCredentials;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.block.tls.TlsPriority;
import java.util.List;

/**
 * {@code tls-creds-psk}: keys that both ends know. Their being known is all the verification there
 * is, so {@code verify-peer} changes nothing, as with the reference.
 *
 * @see "QEMU's QAPI schema, TlsCredsPskProperties"
 */
final class TlsPskType implements ObjectType {
  @Override
  public String name() {
    return "tls-creds-psk";
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
        Property.string("username"),
        Property.bool("verify-peer", true));
  }

  @Override
  public NamedObject create(ObjectProperties properties, ObjectRegistry others)
      throws BlockException {
    TlsEndpoint endpoint = TlsX509Type.endpoint(properties);
    TlsPriority priority = TlsPriority.parse(properties.string("priority"));
    properties.bool("verify-peer", true);
    String dir = properties.string("dir");
    String username = properties.string("username");
    properties.rejectUnknown();
    return new NamedCredentials(PskCredentials.load(dir, endpoint, username, priority));
  }
}
