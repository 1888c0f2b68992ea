// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

/**
 * None: the connection is encrypted, but who is at the other end is not known, nor who is between.
 */
public record AnonymousCredentials(TlsEndpoint endpoint, TlsPriority priority)
    implements TlsCredentials {
  @Override
  public boolean verifiesPeer() {
    return false;
  }
}
